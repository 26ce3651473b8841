"""After a kill while an object of a cluster is made, the next run finds the object, and makes no other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from cutting_off import cut_off
from kubernetes_programs import KubernetesProgram

from prodfirst.adapters.kubernetes.finding import finder
from prodfirst.adapters.pulumi.recovering import recovered
from prodfirst.planning.interrupted import Fate, Found, Interrupted, Wanted
from prodfirst.planning.steps import Operation
from prodfirst.resources.graph import Urn
from prodfirst.resources.values import SECRET, Value

_NEVER_READY = """
k8s.apps.v1.Deployment("web",
    metadata={"name": "web"},
    spec={
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "registry.example.com/web:1"}]},
        },
    },
    opts=here)
"""
"""There are no nodes, so the provider waits for it, and its create is in flight."""


def _cut_off(shop: KubernetesProgram) -> datetime:
    """When the run began that is killed as soon as its object is there."""
    began = datetime.now(UTC) - timedelta(seconds=1)
    cut_off(shop, _NEVER_READY, lambda: _is_there(shop))
    shop.engine.cancel(shop.run)
    return began


def _is_there(shop: KubernetesProgram) -> bool:
    return shop.live("apps/v1", "Deployment", "web") is not None


def _take_up(shop: KubernetesProgram, since: datetime | None) -> tuple[Interrupted, ...]:
    find = finder({}, since)
    with recovered(shop.engine, shop.run, shop.state(), find) as found:
        pass
    shop.engine.import_state(shop.run, found.state)
    return found.interrupted


def _operations(shop: KubernetesProgram) -> Mapping[str, Operation]:
    return {step.name: step.operation for step in shop.engine.preview(shop.run).steps}


def test_an_object_that_was_made_is_adopted_and_not_made_twice(shop: KubernetesProgram) -> None:
    """Seen red: `how to find a kubernetes:apps/v1:Deployment is not known`, and a person was asked."""
    began = _cut_off(shop)
    (web,) = _take_up(shop, began)
    assert (web.fate, web.id) == (Fate.ADOPTED, f"{shop.namespace}/web")
    assert shop.recorded("web")["id"] == f"{shop.namespace}/web"
    (step,) = [step for step in shop.engine.preview(shop.run).steps if step.name == "web"]
    assert (step.operation, step.changes) == (
        Operation.UPDATE,
        (),
    )  # it does not work yet, so it is awaited anew


def test_what_somebody_else_had_made_is_not_taken_for_it(shop: KubernetesProgram) -> None:
    _cut_off(shop)
    (web,) = _take_up(shop, datetime.now(UTC) + timedelta(seconds=5))  # as if the run had begun after it
    assert web.fate is Fate.NEVER_MADE
    assert _operations(shop)["web"] is Operation.CREATE


def test_where_the_begin_of_the_run_is_not_on_record_a_person_is_asked(shop: KubernetesProgram) -> None:
    _cut_off(shop)
    find = finder({}, None)
    with recovered(shop.engine, shop.run, shop.state(), find) as found:
        pass
    (web,) = found.interrupted
    assert web.fate is Fate.UNDECIDED
    assert "not on record" in web.why


def _asked(shop: KubernetesProgram, **change: Value) -> Found:
    inputs: dict[str, Value] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "never-made", "namespace": shop.namespace},
    }
    provider: dict[str, Value] = {"kubeconfig": shop.plane.kubeconfig()}
    provider |= change.pop("provider", {})  # type: ignore[arg-type]
    urn = Urn("urn:pulumi:dev::acme::kubernetes:core/v1:ConfigMap::settings")
    return finder({}, datetime.now(UTC))(Wanted(urn, {**inputs, **change}, provider))


def test_what_is_not_there_was_never_made(shop: KubernetesProgram) -> None:
    assert _asked(shop) == Found()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"metadata": {"name": SECRET}}, "its name is not on record"),
        ({"metadata": {"generateName": "a-"}}, "its name is not on record"),
        ({"provider": {"kubeconfig": SECRET}}, "secret"),
        ({"provider": {"upsertExistingObjects": True}}, "older than the run"),
        ({"provider": {"context": "elsewhere"}}, "elsewhere"),
    ],
)
def test_where_nobody_can_tell_a_person_is_asked(
    shop: KubernetesProgram, change: Mapping[str, Value], why: str
) -> None:
    found = _asked(shop, **change)
    assert not found.ids
    assert why in found.undecided
