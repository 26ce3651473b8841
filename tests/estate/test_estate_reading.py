"""A team's file: read whole, or refused with everything that is wrong with it."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
from estate_layouts import HEADER, program, write, write_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prodfirst.estate.reading import find, load
from prodfirst.estate.selection import environment, in_order, select
from prodfirst.kernel.errors import InvalidInput

STACK = "  network: { layer: infrastructure, owner: platform, program: network }\n"


def _refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        load(path)
    return str(caught.value)


def test_a_whole_estate_is_read_with_positions(tmp_path: Path) -> None:
    estate = load(write(tmp_path, "network:infrastructure", "shop:applications:reads=network"))
    shop = estate.stacks["shop"]  # type: ignore[index]
    assert (shop.layer, shop.owner, shop.project) == ("applications", "platform", "acme-shop")
    assert str(shop.position) == "prodfirst.yaml:16:3"
    assert shop.reads[0].fields == ("field",)
    assert estate.environments["local"].account == "111122223333"  # type: ignore[index]


@pytest.mark.parametrize(
    ("old", "new", "where", "says"),
    [
        ("region:", "regoin:", "9:5", "did you mean `region`?"),
        ('"111122223333"', "111122223333", "8:5", "put it in quotes"),
        ('"111122223333"', '"1111"', "8:5", "12 digits"),
        ("local: true", "local: yes", "7:5", "boolean"),
        ("[eu-central-1a]", "[us-east-1a]", "10:13", "not in region `eu-central-1`"),
        ("[eu-central-1a]", "[]", "10:5", "at least 1"),
        ("s3://acme-state", "gs://acme-state", "11:5", "`s3://BUCKET[/PREFIX]`"),
        ("name: acme\n", "name: Acme_1\n", "2:1", "lower case"),
        ("name: acme\n", "", "1:1", "add `name`"),
        ("version: 1", "version: 2", "1:1", "`version`"),
        ("teams:", "name: again\nteams:", "12:1", "duplicate key `name`"),
        ("layer: infrastructure", "layer: infrastucture", "15:14", "did you mean `infrastructure`?"),
        ("owner: platform", "owner: plattform", "15:37", "did you mean `platform`?"),
        ("program: network", "program: netwerk", "15:54", "has no `Pulumi.yaml`"),
        ("program: network", "program: ../network", "15:54", "outside the estate's folder"),
        ("program: network }", "program: network, reads: { netwrk: [a] } }", "15:81", "no stack `netwrk`"),
        ("account:", "account: &a", "8:14", "anchors and aliases"),
        ("group: acme-platform", "group: !!python/name:os.system x", "13:22", "not allowed"),
    ],
)
def test_each_mistake_is_named_with_its_place(
    tmp_path: Path, old: str, new: str, where: str, says: str
) -> None:
    program(tmp_path, "network")
    text = HEADER + STACK
    assert old in text
    refusal = _refusal(write_text(tmp_path, text.replace(old, new, 1)))
    assert f"prodfirst.yaml:{where}: " in refusal
    assert says in refusal


def test_all_mistakes_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        (HEADER + STACK)
        .replace("region:", "regoin:")
        .replace("cloud: aws", "cloud: asw")
        .replace("group", "grup")
    )
    refusal = _refusal(write_text(tmp_path, text))
    places = [line.split(": ")[0] for line in refusal.splitlines() if line.startswith("prodfirst.yaml")]
    assert places == sorted(places, key=lambda place: int(place.split(":")[1]))
    assert {"prodfirst.yaml:6:5", "prodfirst.yaml:9:5", "prodfirst.yaml:13:15"} <= set(places)


def test_a_program_that_is_not_python_is_refused_by_name(tmp_path: Path) -> None:
    program(tmp_path, "network", runtime="nodejs")
    assert "runtime `nodejs`" in _refusal(write_text(tmp_path, HEADER + STACK))


@pytest.mark.parametrize(
    ("reader", "read"),
    [
        ("identity", "infrastructure"),
        ("identity", "applications"),
        ("infrastructure", "applications"),
        ("applications", "applications"),
    ],
)
def test_a_breach_of_the_layer_law_is_named(tmp_path: Path, reader: str, read: str) -> None:
    refusal = _refusal(write(tmp_path, f"top:{reader}:reads=base", f"base:{read}"))
    assert f"`top` ({reader}) may not read `base` ({read})" in refusal
    assert "prodfirst.yaml:15:" in refusal


def test_a_cycle_is_named_in_full(tmp_path: Path) -> None:
    names = ("a:infrastructure:reads=b", "b:infrastructure:reads=c", "c:infrastructure:reads=a")
    refusal = _refusal(write(tmp_path, *names))
    cycle = next(line for line in refusal.splitlines() if "circle" in line)
    path = cycle.rsplit(": ", 1)[1].split(" → ")
    assert len(path) == 4
    assert path[0] == path[-1]
    assert all(
        (left, right) in (("a", "b"), ("b", "c"), ("c", "a")) for left, right in itertools.pairwise(path)
    )


def test_stacks_come_in_the_order_of_application(tmp_path: Path) -> None:
    estate = load(
        write(
            tmp_path,
            "shop:applications:reads=database",
            "database:infrastructure:reads=network",
            "access:identity",
            "network:infrastructure:reads=access",
        )
    )
    assert in_order(estate) == ("access", "network", "database", "shop")
    assert [item.stack.name for item in select(estate, ["shop", "network"])] == ["network", "shop"]
    assert estate.upstream("shop") == {"database", "network", "access"}


def test_names_that_do_not_exist_get_the_nearest_one(tmp_path: Path) -> None:
    estate = load(write(tmp_path, "network:infrastructure"))
    with pytest.raises(InvalidInput, match="did you mean `network`"):
        select(estate, ["netwrok"])
    with pytest.raises(InvalidInput, match="did you mean `local`"):
        environment(estate, "locla")
    assert environment(estate, None).name == "local"


def test_the_file_is_found_from_below(tmp_path: Path) -> None:
    path = write(tmp_path, "network:infrastructure")
    assert find(tmp_path / "network") == path
    with pytest.raises(InvalidInput, match="--file"):
        find(Path("/"))


def test_a_bomb_of_aliases_is_refused_at_once(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
    begun = time.monotonic()
    assert "anchors" in _refusal(write_text(tmp_path, bomb))
    assert time.monotonic() - begun < 5


def test_deep_and_large_files_are_refused(tmp_path: Path) -> None:
    assert "nested deeper" in _refusal(write_text(tmp_path, "[" * 5000))
    assert "larger than" in _refusal(write_text(tmp_path, "#" * (1024 * 1024 + 1)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=200), st.text(alphabet="ab:-[]{}&*!#%@\"'\n ?|>1", max_size=80).map(str.encode)
    )
)
def test_any_bytes_are_refused_in_our_own_words(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "prodfirst.yaml"
    path.write_bytes(data)
    assert _refusal(path)


def test_two_deployments_under_one_name_are_refused(tmp_path: Path) -> None:
    """`prod-eu` + `x` and `prod` + `eu-x` would be one CI environment, and one role."""
    file = write(tmp_path, "x:infrastructure", "eu-x:infrastructure")
    entry = file.read_text().partition("  local:\n")[2].partition("teams:")[0]
    again = f"environments:\n  prod:\n{entry}  prod-eu:\n{entry}"
    file.write_text(file.read_text().replace(f"environments:\n  local:\n{entry}", again))

    with pytest.raises(InvalidInput, match="would both be `prod-eu-x`"):
        load(file)


def test_identity_comes_before_everything_and_goes_last(tmp_path: Path) -> None:
    estate = load(
        write(tmp_path, "identity:identity", "network:infrastructure", "shop:applications:reads=network")
    )
    assert estate.before("identity") == frozenset()
    assert estate.before("network") == {"identity"}
    assert estate.before("shop") == {"identity", "network"}
    assert estate.after("identity") == {"network", "shop"}


@pytest.mark.parametrize(
    "repository", ["gitlab.com/acme/estate", "github.com/_owner_/estate", "github.com/a/b/c"]
)
def test_real_roles_trust_no_repository_that_github_may_know_as_a_strangers(
    repository: str, tmp_path: Path
) -> None:
    header = HEADER.replace("github.com/acme/estate", repository)
    program(tmp_path, "network")
    load(write_text(tmp_path, header + STACK))
    real = header.replace("    local: true\n", "")
    with pytest.raises(InvalidInput, match="would trust jobs of"):
        load(write_text(tmp_path, real + STACK))
