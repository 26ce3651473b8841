"""What a call of a cluster proves: RBAC decides who, admission decides what, and either may refuse."""

from __future__ import annotations

from prodfirst.access.proofs import ProofCall
from prodfirst.adapters.kubernetes.calling import DRY_RUN, ClusterAnswer, ClusterCall, ClusterPlace
from prodfirst.localcloud.kubernetes.audit import Decision
from prodfirst.usecases.cluster_proofs import MadeInCluster

_PLACE = ClusterPlace("main", "arn:aws:eks:eu-central-1:111122223333:cluster/main", "https://127.0.0.1:1", "")
_CALL = ClusterCall("POST", "/api/v1/namespaces/shop/pods", DRY_RUN, {"kind": "Pod"})
_BOUND = 'RBAC: allowed by RoleBinding "a/shop" of Role "a" to Group "g"'
_VIOLATES = 'pods "a" is forbidden: violates PodSecurity "restricted:v1.35": privileged'


def _proof(
    answer: ClusterAnswer, *, allowed: bool, reason: str = "", security: str = "", expected: bool = True
) -> ProofCall:
    decision = Decision(
        allowed=allowed, reason=reason, user="u", groups=(), verb="create", resource="core/pods/shop/*",
        pod_security=security,
    )  # fmt: skip
    made = MadeInCluster("shop/apply", "arn", expected, _CALL, _PLACE, answer)
    return made.proof(decision)


def test_what_a_role_allows_and_the_api_admits_is_allowed_by_its_binding() -> None:
    made = _proof(ClusterAnswer(0, "", "", "a-1"), allowed=True, reason=_BOUND, security="restricted:v1.35")
    assert (made.allowed, made.right) == (True, True)
    assert made.statement == _BOUND.removeprefix("RBAC: ")
    assert (made.audit, made.cluster) == ("a-1", "main")
    assert made.command[:3] == ("kubectl", "--context", _PLACE.arn)
    assert made.input == '{"kind": "Pod"}'


def test_what_no_role_allows_is_denied_without_a_statement() -> None:
    answer = ClusterAnswer(403, "Forbidden", 'User "u" cannot create resource "pods"', "a-2")
    made = _proof(answer, allowed=False, expected=False)
    assert (made.allowed, made.right, made.statement) == (False, True, "")
    assert made.reason == answer.reason


def test_what_pod_security_does_not_admit_is_denied_by_the_namespaces_level() -> None:
    answer = ClusterAnswer(403, "Forbidden", _VIOLATES, "a-3")
    made = _proof(answer, allowed=True, reason=_BOUND, security="restricted:v1.35", expected=False)
    assert (made.allowed, made.right) == (False, True)
    assert made.statement == "Pod Security `restricted:v1.35` of namespace `shop`"


def test_what_something_else_does_not_admit_is_not_put_down_to_pod_security() -> None:
    answer = ClusterAnswer(403, "Forbidden", 'pods "a" is forbidden: exceeded quota: team', "a-4")
    made = _proof(answer, allowed=True, reason=_BOUND, security="restricted:v1.35", expected=False)
    assert (made.allowed, made.statement, made.reason) == (False, "admission", answer.reason)


def test_a_call_that_is_let_through_and_must_not_be_is_wrong() -> None:
    assert not _proof(ClusterAnswer(0, "", "", "a"), allowed=True, reason=_BOUND, expected=False).right


def test_a_call_that_failed_for_another_reason_proves_nothing() -> None:
    failed = ClusterAnswer(404, "NotFound", "not there", "a")
    assert not _proof(failed, allowed=True, reason=_BOUND).right
    assert not _proof(failed, allowed=True, reason=_BOUND, expected=False).right
