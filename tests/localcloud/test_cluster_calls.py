"""A call to a cluster under an identity: its answer, what the server's audit says of it, and its command."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

import pytest
from cluster_fixtures import NAME, Shell, make_role, member
from local_callers import REGION, Caller

from prodfirst.adapters.aws.access import AwsAccess
from prodfirst.adapters.kubernetes.calling import DRY_RUN, ClusterAnswer, ClusterCall, enter, make, place_of
from prodfirst.localcloud.kubernetes.audit import Decision, decisions
from prodfirst.localcloud.lifecycle import LocalCloud

_CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tried"}}
_MAPS = "/api/v1/namespaces/default/configmaps"
_CREATE = ClusterCall("POST", _MAPS, DRY_RUN, _CONFIG)


def _access(caller: Caller) -> AwsAccess:
    return AwsAccess(
        REGION,
        {
            **caller.environment,
            "AWS_ACCESS_KEY_ID": caller.key,
            "AWS_SECRET_ACCESS_KEY": caller.secret,
            **({"AWS_SESSION_TOKEN": caller.token} if caller.token else {}),
        },
    )


@pytest.fixture(scope="module")
def guest(cluster: Mapping[str, Any], administrator: Caller) -> Caller:
    """Somebody who may enter and holds nothing."""
    return member(administrator, "calls-guest", kubernetesGroups=["guests"])


def _answered(caller: Caller, administrator: Caller, call: ClusterCall) -> ClusterAnswer:
    return make(call, enter(place_of(NAME, _access(administrator)), _access(caller)))


def _decision(cloud: LocalCloud, answer: ClusterAnswer) -> Decision:
    (cluster,) = [item for item in cloud.clusters() if item.name == NAME]
    return decisions(cloud.cluster_audit(cluster), [answer.request])[answer.request]


def test_a_call_that_is_let_through_has_the_rule_that_allowed_it(
    cloud: LocalCloud, cluster: Mapping[str, Any], administrator: Caller, shell: Shell
) -> None:
    answer = _answered(administrator, administrator, _CREATE)
    assert (answer.status, answer.code, answer.refused) == (0, "", False)
    found = _decision(cloud, answer)
    assert found.allowed
    assert found.reason.startswith("RBAC: allowed by ClusterRoleBinding")
    assert (found.verb, found.resource) == ("create", "core/configmaps/default/tried")
    assert "notfound" in shell.refused("get", "configmap", "tried").replace(" ", "")


def test_a_call_that_is_refused_has_the_word_and_the_audit_id(
    cloud: LocalCloud, administrator: Caller, guest: Caller
) -> None:
    answer = _answered(guest, administrator, _CREATE)
    assert (answer.status, answer.code, answer.refused) == (403, "Forbidden", True)
    assert 'cannot create resource "configmaps"' in answer.reason
    found = _decision(cloud, answer)
    assert (found.allowed, found.reason) == (False, "")
    assert "guests" in found.groups


def test_admission_refuses_what_the_caller_may_do_and_the_audit_tells_the_difference(
    cloud: LocalCloud, administrator: Caller, shell: Shell
) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": "calls"}}
    shell.kubectl("create", "namespace", "calls")
    shell.apply({**quota, "spec": {"hard": {"configmaps": "0"}}})
    try:
        where = _MAPS.replace("default", "calls")
        answer = _answered(administrator, administrator, ClusterCall("POST", where, DRY_RUN, _CONFIG))
    finally:
        shell.kubectl("delete", "namespace", "calls", "--wait=false")
    assert answer.refused
    assert _decision(cloud, answer).allowed


def test_who_has_no_entry_is_unauthorized(
    cloud: LocalCloud, cluster: Mapping[str, Any], administrator: Caller
) -> None:
    stranger = administrator.assuming(make_role(administrator, "calls-stranger"))
    answer = _answered(stranger, administrator, _CREATE)
    assert (answer.status, answer.code, answer.refused) == (401, "Unauthorized", True)
    assert not _decision(cloud, answer).allowed


@pytest.mark.parametrize(
    "call",
    [
        ClusterCall("GET", "/api/v1/namespaces/default/secrets", {"limit": "1"}),
        _CREATE,
        ClusterCall("DELETE", f"{_MAPS}/nothing", DRY_RUN),
        ClusterCall("PATCH", "/api/v1/namespaces/default", DRY_RUN, {"metadata": {"labels": {"a": "b"}}}),
    ],
    ids=lambda call: call.method,
)
def test_a_call_is_a_command_of_kubectl_that_is_answered_alike(
    call: ClusterCall, administrator: Caller, shell: Shell
) -> None:
    answer = _answered(administrator, administrator, call)
    done = shell.try_kubectl(*call.command()[1:], stdin=call.input)
    assert (done.returncode == 0) == (answer.code == ""), (shlex.join(call.command()), done.stderr)
    if answer.code:
        assert answer.code.lower() in done.stderr.lower()


def test_a_command_names_the_context_and_keeps_the_body_apart() -> None:
    command = _CREATE.command("arn:aws:eks:eu-central-1:111122223333:cluster/main")
    assert " ".join(command) == (
        "kubectl --context arn:aws:eks:eu-central-1:111122223333:cluster/main create --raw "
        f"{_MAPS}?dryRun=All -f -"
    )
    assert json.loads(_CREATE.input) == _CONFIG
