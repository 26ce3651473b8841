"""After the engine is killed: what became of its steps is found out, and nothing is made twice or lost."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cutting_off import cut_off
from engine_fixtures import Deployment

from prodfirst.adapters.pulumi.engine import Result
from prodfirst.adapters.pulumi.recovering import recovered
from prodfirst.planning.interrupted import Fate, Found, Interrupted, Wanted
from prodfirst.planning.steps import Operation
from prodfirst.resources.graph import urn_name


def made(deployment: Deployment, name: str) -> list[str]:
    """The ids of what exists under a name."""
    return sorted(file.stem for file in (deployment.folder / "cloud").glob(f"{name}-*.json"))


def looked_up(deployment: Deployment) -> Callable[[Wanted], Found]:
    """The tiny cloud's own way to find a resource: by its name."""
    return lambda wanted: Found(tuple(made(deployment, urn_name(wanted.urn))))


def take_up(deployment: Deployment) -> tuple[Interrupted, ...]:
    """Recover for good, as an apply does."""
    deployment.engine.cancel(deployment.run)
    checkpoint = deployment.state()
    with recovered(deployment.engine, deployment.run, checkpoint, looked_up(deployment)) as found:
        assert deployment.state() == checkpoint  # nothing is changed before all is known
    deployment.engine.import_state(deployment.run, found.state)
    assert deployment.pending() == ()
    return found.interrupted


def operations(deployment: Deployment, source: str) -> dict[str, Operation]:
    deployment.program(source)
    steps = deployment.engine.preview(deployment.run).steps
    return {step.name: step.operation for step in steps if step.type == "tiny:index:Thing"}


def test_a_create_that_came_through_is_adopted_and_not_made_twice(deployment: Deployment) -> None:
    secret = "pulumi.Output.secret('hunter2-hunter2')"
    source = f"b = Thing('b')\nThing('a', ref=b.id, password={secret}, late=600)\n"
    outcome = cut_off(deployment, source, lambda: bool(made(deployment, "a")))
    assert outcome.result is Result.FAILED
    assert "was ended while it worked on `acme/dev`" in outcome.problems[0].what
    (item,) = take_up(deployment)
    assert (item.operation, item.fate) == ("creating", Fate.ADOPTED)
    assert [item.id] == made(deployment, "a")
    assert operations(deployment, source) == {"a": Operation.SAME, "b": Operation.SAME}
    assert "hunter2" not in json.dumps(deployment.state())
    deployment.up(source.replace("late=600", "late=0"))
    assert [item.id] == made(deployment, "a")


def test_a_create_that_never_came_through_is_forgotten_and_planned_again(deployment: Deployment) -> None:
    source = "Thing('a', seconds=600)\n"
    cut_off(deployment, source, lambda: "creating" in deployment.pending())
    (item,) = take_up(deployment)
    assert item.fate is Fate.NEVER_MADE
    assert operations(deployment, source) == {"a": Operation.CREATE}


def test_what_has_the_id_of_something_of_another_type_is_adopted_all_the_same(deployment: Deployment) -> None:
    """A bucket and its settings have one id, and so may a cluster and a database."""
    source = """\
        class Setting(pulumi.CustomResource):
            def __init__(self, name, **props):
                super().__init__("tiny:index:Setting", name, props)

        Setting("versions", of=Thing("a").id, late=600)
    """
    cut_off(deployment, source, lambda: "of" in (deployment.cloud().get("a") or {}))
    (id,) = made(deployment, "a")
    deployment.engine.cancel(deployment.run)
    found = Found((id,))
    with recovered(deployment.engine, deployment.run, deployment.state(), lambda _: found) as result:
        assert [(item.fate, item.id) for item in result.interrupted] == [(Fate.ADOPTED, id)]


def test_an_update_that_was_cut_off_is_read_again(deployment: Deployment) -> None:
    deployment.up("Thing('a', size=1)\n")
    source = "Thing('a', size=2, late=600)\n"
    cut_off(deployment, source, lambda: deployment.cloud()["a"]["size"] == 2)
    (item,) = take_up(deployment)
    assert (item.operation, item.fate, [item.id]) == ("updating", Fate.READ, made(deployment, "a"))
    (resource,) = (r for r in deployment.state()["checkpoint"]["latest"]["resources"] if r.get("outputs"))
    assert resource["outputs"]["size"] == 2


def test_a_delete_that_came_through_is_forgotten(deployment: Deployment) -> None:
    deployment.up("Thing('a', lingers=600)\nThing('b')\n")
    cut_off(deployment, "Thing('b')\n", lambda: not made(deployment, "a"))
    (item,) = take_up(deployment)
    assert (item.operation, item.fate) == ("deleting", Fate.GONE)
    assert operations(deployment, "Thing('b')\n") == {"b": Operation.SAME}


def test_a_replacement_that_was_cut_off_goes_on(deployment: Deployment) -> None:
    deployment.up("a = Thing('a', place='x')\nThing('b', ref=a.id)\n")
    (old,) = made(deployment, "a")
    source = "a = Thing('a', place='y', late=600)\nThing('b', ref=a.id)\n"
    cut_off(deployment, source, lambda: len(made(deployment, "a")) == 2)
    (item,) = take_up(deployment)
    assert item.fate is Fate.ADOPTED
    assert item.id != old
    deployment.up(source)
    assert made(deployment, "a") == [item.id]
    assert deployment.cloud()["b"]["ref"] == item.id


def test_what_two_killed_runs_made_is_one_in_the_end(deployment: Deployment) -> None:
    """The second run, by plain `pulumi`, knew nothing of the first one's resource."""
    source = "Thing('a', late=600)\n"
    cut_off(deployment, source, lambda: bool(made(deployment, "a")))
    deployment.engine.cancel(deployment.run)
    cut_off(deployment, source, lambda: len(made(deployment, "a")) == 2)
    items = take_up(deployment)
    assert [item.fate for item in items] == [Fate.ADOPTED, Fate.ADOPTED]
    deployment.up(source)
    assert made(deployment, "a") == [items[-1].id]


def test_where_nobody_can_tell_nothing_is_changed(deployment: Deployment) -> None:
    cut_off(deployment, "Thing('a', late=600)\n", lambda: bool(made(deployment, "a")))
    (deployment.folder / "cloud" / "a-somebodys.json").write_text("{}")
    with recovered(deployment.engine, deployment.run, deployment.state(), looked_up(deployment)) as found:
        (item,) = found.interrupted
    assert item.fate is Fate.UNDECIDED
    assert all(f"`{id}`" in item.why for id in made(deployment, "a"))
    assert deployment.pending() == ("creating",)


def test_a_cloud_that_cannot_be_read_leaves_all_as_it_was(deployment: Deployment) -> None:
    cut_off(deployment, "Thing('a', late=600)\n", lambda: bool(made(deployment, "a")))
    before = deployment.state()

    def unreachable(_: Wanted) -> Found:
        raise ConnectionError("the cloud is away")

    with (
        pytest.raises(ConnectionError),
        recovered(deployment.engine, deployment.run, before, unreachable),
    ):
        pass
    assert deployment.state() == before
