"""A new estate, as a newcomer begins it: what can be found out is not asked, and nothing is overwritten."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from command_runs import prodfirst

from prodfirst.adapters.new_files import write_new
from prodfirst.estate.reading import load
from prodfirst.kernel.paths import cache

_PROGRAM = """\
import pulumi
import pulumi_aws as aws

size = pulumi.Config().require("size")
aws.s3.Bucket("mine", bucket=f"mine-{size}")
"""


def _init(folder: Path, *arguments: str, **more: str) -> dict[str, Any]:
    done = prodfirst("init", *arguments, "--json", folder=folder, PRODFIRST_CACHE=str(cache()), **more)
    assert done.returncode in (0, 1), done.stderr + done.stdout
    answer: dict[str, Any] = json.loads(done.stdout)
    return {**answer, "exit": done.returncode}


def _facts(answer: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    return {fact["what"]: (fact["value"], fact["assumed"]) for fact in answer["facts"]}


def _project(folder: Path, name: str, program: str) -> None:
    folder.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(f"name: {name}\nruntime: python\n")
    (folder / "__main__.py").write_text(program)


def test_what_can_be_found_out_is_not_asked(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    remote = "https://token@git.example.com/shops/our_Estate.git"
    subprocess.run(["git", "-C", str(folder), "remote", "add", "origin", remote], check=True)
    config = tmp_path / "aws-config"
    config.write_text("[profile work]\nregion = eu-west-1\nsso_account_id = 444455556666\n")
    answer = _init(folder, AWS_CONFIG_FILE=str(config), AWS_PROFILE="work")
    assert _facts(answer) == {
        "name": ("our-estate", False),
        "repository": ("git.example.com/shops/our_Estate", False),
        "account": ("444455556666", False),
        "region": ("eu-west-1", False),
    }
    estate = load(folder / "prodfirst.yaml")
    environment = next(iter(estate.environments.values()))
    assert (environment.account, environment.region, environment.zones[0]) == (
        "444455556666",
        "eu-west-1",
        "eu-west-1a",
    )
    assert "token" not in (folder / "prodfirst.yaml").read_text()


def test_what_cannot_be_found_out_is_assumed_and_said(tmp_path: Path) -> None:
    answer = _init(tmp_path, "new estate", AWS_CONFIG_FILE=str(tmp_path / "none"))
    facts = _facts(answer)
    assert facts["name"] == ("new-estate", False)
    assert facts["repository"][1]
    assert facts["account"] == ("111122223333", True)
    assert answer["exit"] == 0
    assert sorted(path.name for path in (tmp_path / "new estate" / "permissions").iterdir()) == [
        "app.lock.json",
        "network.lock.json",
        "storage.lock.json",
    ]


def test_a_profile_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    answer = _init(
        tmp_path, AWS_CONFIG_FILE=str(tmp_path / "none"), AWS_PROFILE="gone", AWS_REGION="eu-north-1"
    )
    assert _facts(answer)["region"] == ("eu-north-1", False)


def test_projects_that_are_there_become_stacks_and_keep_their_files(tmp_path: Path) -> None:
    _project(tmp_path / "infra" / "queue", "our-queue", _PROGRAM)
    settings = "our-queue:size: small", "our-queue:key: {secure: v1:abc}", "aws:region: eu-west-3"
    config = "".join(f"  {line}\n" for line in settings)
    (tmp_path / "infra" / "queue" / "Pulumi.dev.yaml").write_text(f"config:\n{config}")
    _project(
        tmp_path / "services" / "queue", "their-queue", "import pulumi\npulumi.StackReference('a/b/c')\n"
    )
    _project(tmp_path / ".venv" / "lib", "not-ours", "")
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Pulumi.yaml").write_text("name: web\nruntime: nodejs\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    answer = _init(tmp_path)
    assert answer["adopted"] == ["infra-queue", "services-queue"]
    assert all(path.read_bytes() == content for path, content in before.items())
    estate = load(tmp_path / "prodfirst.yaml")
    assert {name: stack.layer.value for name, stack in estate.stacks.items()} == {
        "identity": "identity",
        "infra-queue": "infrastructure",
        "services-queue": "infrastructure",
    }
    local = (tmp_path / "infra" / "queue" / "Pulumi.local.yaml").read_text()
    assert "our-queue:size: small" in local
    assert "secure" not in local
    assert "eu-west-3" not in local
    notes = [(note["where"], note["what"]) for note in answer["notes"]]
    assert ("web/Pulumi.yaml", "project `web` is left out") in notes
    assert ("infra/queue", "the secret setting `our-queue:key` of `dev` is not taken over") in notes
    assert any(where == "services/queue/__main__.py:2:1" for where, _ in notes)


def test_a_program_without_a_lock_costs_no_other_its_own(tmp_path: Path) -> None:
    _project(
        tmp_path / "good",
        "good",
        "import pulumi_aws as aws\naws.s3.Bucket('mine', bucket='mine')\n",
    )
    _project(tmp_path / "bad", "bad", "raise RuntimeError('no luck')\n")
    answer = _init(tmp_path)
    assert answer["exit"] == 1
    assert [path.name for path in (tmp_path / "permissions").iterdir()] == ["good.lock.json"]
    assert any("no luck" in note["what"] + note["why"] for note in answer["notes"])


def test_names_are_cut_without_two_projects_becoming_one(tmp_path: Path) -> None:
    folders = ("customer-notification-service", "customer-notification-sender", "42", "true", "a: b")
    for number, name in enumerate(folders):
        _project(tmp_path / name, f"p{number}", "")
    answer = _init(tmp_path)
    assert len(set(answer["adopted"])) == 5
    stacks = load(tmp_path / "prodfirst.yaml").stacks
    assert {stack.program.name for stack in stacks.values()} > {"42", "true", "a: b"}


def test_secrets_inside_of_settings_are_left_out_and_named(tmp_path: Path) -> None:
    _project(tmp_path / "db", "db", "")
    config = "config:\n  db:login: {user: x, password: {secure: v1:AAAA}}\n  db:list: [{secure: v1:BBBB}]\n"
    (tmp_path / "db" / "Pulumi.dev.yaml").write_text(config)
    answer = _init(tmp_path)
    assert not (tmp_path / "db" / "Pulumi.local.yaml").exists()
    named = [note["what"] for note in answer["notes"] if note["what"].startswith("the secret setting")]
    assert len(named) == 2


def test_projects_of_which_none_can_be_taken_on_bring_no_example_in(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "Pulumi.yaml").write_text("name: web\nruntime: nodejs\n")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "Pulumi.yml").write_text("name: old\nruntime: python\n")
    done = prodfirst("init", folder=tmp_path, PRODFIRST_CACHE=str(cache()))
    assert done.returncode == 2
    assert "its file must be called `Pulumi.yaml`" in done.stderr
    assert "prodfirst init --template starter" in done.stderr
    assert not (tmp_path / "prodfirst.yaml").exists()


@pytest.mark.parametrize("name", ["Shop", "x\ny: z", "a" * 40])
def test_a_name_that_cannot_be_one_is_refused_with_one_that_can(name: str, tmp_path: Path) -> None:
    done = prodfirst("init", "--name", name, folder=tmp_path, PRODFIRST_CACHE=str(cache()))
    assert done.returncode == 2
    assert "next: write `--name " in done.stderr
    assert list(tmp_path.glob("*.yaml")) == []


def test_a_region_that_is_none_and_another_partition_are_said_and_not_used(tmp_path: Path) -> None:
    for number, said in enumerate(("eu-central-1\nfoo: bar", "cn-north-1")):
        facts = _facts(_init(tmp_path, f"e{number}", AWS_REGION=said))
        assert facts["region"] == ("us-east-1", True)


def test_a_folder_behind_a_link_is_as_good(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert _init(tmp_path, "link")["exit"] == 0


def test_without_an_engine_nothing_is_written(tmp_path: Path) -> None:
    done = prodfirst("init", folder=tmp_path, PRODFIRST_PULUMI=str(tmp_path / "none"))
    assert done.returncode == 2
    assert not (tmp_path / "prodfirst.yaml").exists()


def test_what_fails_half_way_leaves_neither_files_nor_folders(tmp_path: Path) -> None:
    def check() -> None:
        raise OSError(28, "no space left on device")

    with pytest.raises(OSError, match="no space"):
        write_new(tmp_path / "new", {Path("a/b/c"): "x", Path("d"): "y"}, check)
    assert list(tmp_path.iterdir()) == [] or not (tmp_path / "new").exists()


def test_nothing_is_overwritten_and_nothing_is_left_half_written(tmp_path: Path) -> None:
    (tmp_path / "stacks" / "network").mkdir(parents=True)
    (tmp_path / "stacks" / "network" / "__main__.py").write_text("mine")
    done = prodfirst("init", folder=tmp_path)
    assert done.returncode == 2
    assert "a file is in the way" in done.stderr
    assert not (tmp_path / "prodfirst.yaml").exists()
    assert (tmp_path / "stacks" / "network" / "__main__.py").read_text() == "mine"


def test_an_estate_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "prodfirst.yaml").write_text("mine")
    done = prodfirst("init", folder=tmp_path)
    assert done.returncode == 2
    assert "there is an estate already" in done.stderr
    assert (tmp_path / "prodfirst.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("asked", "said"), [("acne", "did you mean `acme`?"), ("../..", "use one that exists")]
)
def test_a_template_that_is_not_there_names_the_nearest(asked: str, said: str, tmp_path: Path) -> None:
    done = prodfirst("init", "--template", asked, folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert list(tmp_path.glob("*")) == []
