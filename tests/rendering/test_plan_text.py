"""A plan on 80 columns: risk first, nothing hidden that matters, nothing shown that must not be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from planning_layouts import cut_off, deployment, estate
from screens import made, plan_screen

from prodfirst.kernel.findings import Finding, Severity
from prodfirst.planning.checks import ObjectCheck, Verdict
from prodfirst.planning.guards import Subject, check
from prodfirst.planning.interrupted import Fate
from prodfirst.planning.plan import DeploymentPlan, EstatePlan
from prodfirst.planning.steps import Step
from prodfirst.resources.values import SECRET, UNKNOWN


def _plan(*steps: Step, stateful: bool = False, **other: object) -> DeploymentPlan:
    made_of: DeploymentPlan = replace(
        deployment(stack="network", stateful=stateful),
        steps=steps,
        **other,  # type: ignore[arg-type]
    )
    return made_of


def _row(shown: str, text: str) -> str:
    (row,) = [row for row in shown.splitlines() if text in row]
    return row


def test_deletes_and_replaces_of_stateful_stacks_come_before_everything() -> None:
    calm = _plan(made("create", "main", line=3))
    risky = replace(
        _plan(made("update", "u"), made("replace", "r"), made("delete", "d"), stateful=True), stack="storage"
    )
    rows = plan_screen(estate(calm, risky)).splitlines()
    top = rows.index("Data at risk: 2 in stateful stacks")
    assert rows[top + 1] == "  -  delete  storage/local  aws:ec2:Vpc d"
    assert rows[top + 2] == "  +- replace storage/local  aws:ec2:Vpc r"
    assert top < rows.index("network/local  infrastructure · owner platform")


def test_within_a_deployment_the_riskiest_operation_comes_first() -> None:
    kinds = ("same", "read", "import", "create", "update", "replace", "delete")
    shown = plan_screen(estate(_plan(*(made(kind, f"a{kind}") for kind in kinds))), verbose=True)
    order = [row.split()[-1] for row in shown.splitlines() if row.startswith("  ") and "aws:ec2:Vpc" in row]
    assert order == ["adelete", "areplace", "aupdate", "acreate", "aimport", "aread", "asame"]


def test_one_line_a_step_with_its_source_at_the_right() -> None:
    shown = plan_screen(estate(_plan(made("create", "main", line=12))))
    row = _row(shown, "main")
    assert row == "  +  create  aws:ec2:Vpc main" + " " * 22 + "stacks/network/__main__.py:12"[-29:]
    assert len(row) == 80


@pytest.mark.parametrize(
    ("name", "end"),
    [("n" * 29, "…/network/__main__.py:12"), ("n" * 37, "…/__main__.py:12"), ("n" * 46, "line 12")],
)
def test_a_long_name_shortens_the_path_and_keeps_the_line(name: str, end: str) -> None:
    row = _row(plan_screen(estate(_plan(made("create", name, line=12)))), name)
    assert row.endswith(f"  {end}")
    assert len(row) <= 80


def test_what_forces_a_replacement_is_marked_and_comes_first() -> None:
    step = made("replace", "a", ("tags.x", "1", "2"), ("cidrBlock", "a", "b"), forces=("cidrBlock",))
    rows = plan_screen(estate(_plan(step))).splitlines()
    first = rows.index('        cidrBlock: "a" → "b"  forces replacement')
    assert rows[first + 1] == '        tags.x: "1" → "2"'


def test_the_statement_that_differs_in_a_long_policy_is_shown() -> None:
    def policy(action: str) -> str:
        statement = {"Effect": "Allow", "Action": ["s3:GetObject", action], "Resource": "arn:aws:s3:::b/*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    shown = plan_screen(estate(_plan(made("update", "p", ("policy", policy("s3:PutObject"), policy("*"))))))
    assert 'policy.Statement[0].Action[1]: "s3:PutObject" → "*"' in shown


def test_two_long_strings_are_shown_where_they_differ() -> None:
    shown = plan_screen(estate(_plan(made("update", "p", ("x", "a" * 200 + "1", "a" * 200 + "2")))))
    assert 'a1" → "…aaa' in shown
    assert 'a2"' in shown


def test_differences_inside_objects_and_lists() -> None:
    step = made(
        "update",
        "p",
        ("rules", [{"port": 1, "tags": {"a:b": "x"}}], [{"port": 2, "tags": {"a:b": "x"}}, {"port": 3}]),
    )
    shown = plan_screen(estate(_plan(step)))
    assert "        rules[0].port: 1 → 2\n" in shown
    assert "        rules[1]: (none) → {port: 3}\n" in shown
    assert "a:b" not in shown


def test_an_entry_put_in_before_others_is_one_difference() -> None:
    step = made("update", "p", ("rules", [{"port": 1}, {"port": 2}], [{"port": 0}, {"port": 1}, {"port": 2}]))
    shown = plan_screen(estate(_plan(step)))
    assert "        rules[0]: (none) → {port: 0}\n" in shown
    assert shown.count("rules[") == 1


def test_secret_and_unknown_values() -> None:
    step = made(
        "update", "p", ("password", SECRET, SECRET), ("arn", "a", UNKNOWN), ("o", {"k": SECRET}, {"k": 1})
    )
    shown = plan_screen(estate(_plan(step)))
    assert "password: [secret] → [secret]" in shown
    assert 'arn: "a" → (known after apply)' in shown
    assert "o.k: [secret] → 1" in shown


def test_verbose_shows_the_inputs_of_what_is_created() -> None:
    plan = estate(_plan(made("create", "p", inputs={"password": SECRET, "name": "n" * 100, "id": UNKNOWN})))
    shown = plan_screen(plan, verbose=True)
    assert "password: [secret]" in shown
    assert "n" * 100 in shown
    assert "id: (known after apply)" in shown
    assert "password" not in plan_screen(plan)


def _many(operation: str) -> EstatePlan:
    return estate(_plan(*(made(operation, f"r{number}") for number in range(100))))


@pytest.mark.parametrize("operation", ["create", "update", "read"])
def test_many_steps_of_one_kind_are_folded_with_what_they_are(operation: str) -> None:
    shown = plan_screen(_many(operation))
    assert f"… and 60 more to {operation} (60 aws:ec2:Vpc); `--verbose` shows them" in shown
    assert shown.count("aws:ec2:Vpc r") == 40
    assert plan_screen(_many(operation), verbose=True).count("aws:ec2:Vpc r") == 100


def test_a_plan_of_900_steps_is_read_on_few_pages_and_says_how_to_split_it() -> None:
    large = _plan(*(made("create", f"c{number}") for number in range(600)))
    other = replace(
        _plan(*(made("update", f"u{number}", ("x", 1, 2)) for number in range(300))), stack="other"
    )
    shown = plan_screen(estate(large, other))
    assert len(shown.splitlines()) < 150
    said = " ".join(shown.split())
    assert (
        "900 changes are a lot to approve at once: plan stacks by name, such as `prodfirst plan network`"
        in said
    )
    assert "split stack `network` by what changes at different times" in said
    assert "a lot to approve" not in plan_screen(
        estate(_plan(*(made("create", f"c{n}") for n in range(150))))
    )


@pytest.mark.parametrize("operation", ["delete", "replace"])
def test_what_is_lost_is_never_folded(operation: str) -> None:
    assert plan_screen(_many(operation)).count("aws:ec2:Vpc r") == 100


def test_many_differences_are_folded_but_not_those_that_force_a_replacement() -> None:
    paths = [f"p{number:02}" for number in range(30)]
    step = made("replace", "a", *((path, 1, 2) for path in paths), forces=tuple(paths[:20]))
    shown = plan_screen(estate(_plan(step)))
    assert shown.count("forces replacement") == 20
    assert "… and 10 more differences; `--verbose` shows them" in shown


def test_findings_that_say_alike_are_grouped() -> None:
    steps = (made("delete", "a"), made("delete", "b"))
    shown = plan_screen(
        estate(_plan(*steps, stateful=True, findings=check(Subject("network/local", True, steps))))
    )
    assert shown.count("! stateful-loss (advisory)") == 1
    assert "`delete` of `a`" in shown
    assert "`delete` of `b`" in shown
    assert shown.count("why: what it holds may be lost") == 1
    assert "urn:pulumi" not in shown


def test_a_mandatory_finding_says_that_apply_will_refuse() -> None:
    finding = Finding("r", Severity.MANDATORY, "what", "here", "why", "fix")
    shown = plan_screen(estate(_plan(made("create", "a"), findings=(finding,))))
    assert "  ! r (mandatory)\n      here: what\n      why: why\n      next: fix\n" in shown
    assert "1 mandatory finding: apply refuses this plan" in shown


def test_totals_per_layer_unchanged_notes_and_digest() -> None:
    steps = (made("create", "a"), made("same", "b"), made("same", "c"))
    plan = estate(
        _plan(*steps, checked=("offline only",)), replace(_plan(made("delete", "d")), layer="identity")
    )
    shown = plan_screen(replace(plan, skipped=(("shop", "not selected"),)))
    assert "     2 unchanged\n     checked: offline only\n" in shown
    assert "infrastructure: 1 to create, 2 unchanged\nidentity: 1 to delete\n" in shown
    assert "shop: skipped, not selected" in shown
    assert shown.endswith(f"digest {plan.digest}\n")


def test_a_plan_says_what_was_cut_off_and_what_became_of_it() -> None:
    item = cut_off("a", Fate.ADOPTED, "a-1")
    text = plan_screen(estate(deployment("same a", interrupted=(item,))), width=110)
    assert "a run was killed; apply takes up first what it left" in text
    assert "creating `a` (aws:s3/bucket:Bucket) was cut off: it was made, as `a-1`, which is adopted" in text


def test_nothing_to_do() -> None:
    assert "     nothing to do" in plan_screen(estate(_plan()))


def test_a_removal_says_so() -> None:
    assert plan_screen(replace(estate(_plan()), destroy=True)).startswith(
        "Removal of acme/local  1 deployment, "
    )


def test_long_texts_wrap_within_the_width() -> None:
    finding = Finding("r", Severity.ADVISORY, "word " * 40, None, "because " * 30, "do " * 50)
    shown = plan_screen(estate(_plan(made("create", "a"), findings=(finding,), checked=("note " * 40,))))
    assert max(map(len, shown.splitlines())) <= 80


_DEPLOYMENT = "kubernetes:apps/v1:Deployment"
_LATE = "its cluster is known only after apply"


def _said(*said: tuple[str, Verdict, str, str]) -> tuple[ObjectCheck, ...]:
    return tuple(ObjectCheck(made("create", name, type=_DEPLOYMENT).urn, *answer) for name, *answer in said)  # type: ignore[arg-type]


def test_what_was_checked_of_a_cluster_is_counted_and_each_reason_is_said_once() -> None:
    plan = _plan(
        made("create", "a", type=_DEPLOYMENT),
        objects=_said(
            ("a", Verdict.PASSED, "dry run by the API server", ""),
            ("b", Verdict.READ, "read: its name is free", "not tried"),
            ("c", Verdict.UNCHECKED, "", _LATE),
            ("d", Verdict.UNCHECKED, "", _LATE),
        ),
    )
    shown = plan_screen(estate(plan))
    assert (
        "     4 objects of a cluster: 1 tried by the API server, 1 read, and not tried, 2\n"
        "       not checked\n"
        f"       2 objects: {_LATE}\n"
        "       Deployment b: not tried\n"
    ) in shown
    whole = plan_screen(estate(plan), verbose=True)
    assert "       Deployment b: read: its name is free; not tried\n" in whole
    assert f"       Deployment d: {_LATE}\n" in whole


def test_one_reason_for_all_is_one_line() -> None:
    shown = plan_screen(
        estate(_plan(objects=_said(*((name, Verdict.UNCHECKED, "", _LATE) for name in "ab"))))
    )
    assert f"2 objects of a cluster: 2 not checked: {_LATE}" in " ".join(shown.split())


def test_a_plan_names_what_the_cluster_would_refuse_and_folds_many_reasons() -> None:
    many = [(name, Verdict.UNCHECKED, "", f"because of {name}") for name in "abcde"]
    shown = plan_screen(estate(_plan(objects=_said(("x", Verdict.REFUSED, "read", "it exists"), *many))))
    assert "     6 objects of a cluster: 5 not checked\n" in shown
    assert "       would fail now: Deployment x: it exists\n" in shown
    assert "       Deployment c: because of c\n       … and 2 more; `--verbose` lists them\n" in shown


def test_what_is_revoked_last_stands_apart_and_below() -> None:
    shown = plan_screen(estate(_plan(made("update", "role", line=3), closing=(made("delete", "kept"),))))
    rows = shown.splitlines()
    heading = rows.index("  revoked last, when every other deployment of this plan is done:")
    assert rows[heading - 1].startswith("  ~  update  aws:ec2:Vpc role")
    assert rows[heading + 1] == "  -  delete  aws:ec2:Vpc kept"
    assert "then 1 to revoke" in shown
