"""The kubernetes provider on the real engine, against a real API server: what a program's author sees."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from kubernetes_programs import KubernetesProgram

from prodfirst.planning.steps import Operation
from prodfirst.resources.values import UNKNOWN

CONFIG = 'k8s.core.v1.ConfigMap("settings", data={"a": "1"}, opts=here)\n'
NAMED = CONFIG.replace("data=", 'metadata={"name": "settings"}, data=')
ACCOUNT = 'k8s.core.v1.ServiceAccount("robot", metadata={"name": "robot", "labels": {"a": "1"}}, opts=here)\n'


def test_what_is_made_has_the_original_s_shape_in_the_state(shop: KubernetesProgram) -> None:
    shop.up(CONFIG)
    found = shop.recorded("settings")
    name = found["outputs"]["metadata"]["name"]
    assert re.fullmatch(r"settings-[0-9a-f]{8}", name)
    assert found["id"] == f"{shop.namespace}/{name}"
    assert found["inputs"]["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert found["outputs"]["__inputs"] == found["inputs"]
    assert found["outputs"]["__initialApiVersion"] == "v1"
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", found["outputs"]["__fieldManager"])
    live = shop.live("v1", "ConfigMap", name)
    assert live["data"] == {"a": "1"}
    assert [item["manager"] for item in live["metadata"]["managedFields"]] == ["pulumi-kubernetes"]
    assert found["outputs"]["metadata"]["uid"] == live["metadata"]["uid"]


def test_nothing_to_do_on_what_was_just_applied(shop: KubernetesProgram) -> None:
    shop.up(CONFIG + ACCOUNT)
    assert set(shop.steps(CONFIG + ACCOUNT).values()) == {Operation.SAME}
    assert shop.drift() == {}


def test_an_update_in_place_is_a_server_side_apply(shop: KubernetesProgram) -> None:
    shop.up(ACCOUNT)
    source = ACCOUNT.replace('{"a": "1"}', '{"b": "2"}')
    assert shop.changes(source, "robot") == {"metadata.labels.a": False, "metadata.labels.b": False}
    shop.up(source)
    live = shop.live("v1", "ServiceAccount", "robot")
    assert live["metadata"]["labels"] == {"b": "2"}
    (manager,) = live["metadata"]["managedFields"]
    assert (manager["manager"], manager["operation"]) == (
        shop.recorded("robot")["outputs"]["__fieldManager"],
        "Apply",
    )


def test_a_changed_config_map_with_a_made_up_name_is_made_anew_before_the_old_one_goes(
    shop: KubernetesProgram,
) -> None:
    shop.up(CONFIG)
    before = shop.recorded("settings")["id"]
    source = CONFIG.replace('"1"', '"2"')
    assert shop.changes(source, "settings") == {"data.a": True}
    outcome = shop.update(source)
    assert [step.operation for step in outcome.done if step.name == "settings"] == [Operation.REPLACE]
    after = shop.recorded("settings")["id"]
    assert before != after
    assert shop.live("v1", "ConfigMap", before.split("/")[1]) is None
    assert shop.live("v1", "ConfigMap", after.split("/")[1])["data"] == {"a": "2"}


def test_one_with_a_fixed_name_goes_first(shop: KubernetesProgram) -> None:
    shop.up(NAMED)
    uid = shop.live("v1", "ConfigMap", "settings")["metadata"]["uid"]
    source = NAMED.replace('"1"', '"2"')
    assert "AlreadyExists" not in shop.told(source)
    shop.up(source)
    live = shop.live("v1", "ConfigMap", "settings")
    assert live["data"] == {"a": "2"}
    assert live["metadata"]["uid"] != uid


@pytest.mark.parametrize(
    ("made", "changed", "path"),
    [
        (
            'k8s.rbac.v1.RoleBinding("x", metadata={"name": "x"}, subjects=[], role_ref='
            '{"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}, opts=here)',
            ('"name": "a"', '"name": "b"'),
            "roleRef.name",
        ),
        (
            'k8s.core.v1.Service("x", spec={"cluster_ip": "10.96.7.7", "ports": [{"port": 80}]}, opts=here)',
            ("10.96.7.7", "10.96.7.8"),
            "spec.clusterIP",
        ),
        (
            'k8s.core.v1.PersistentVolumeClaim("x", spec={"access_modes": ["ReadWriteOnce"], '
            '"resources": {"requests": {"storage": "1Gi"}}}, opts=here, '
            'metadata={"annotations": {"pulumi.com/skipAwait": "true"}})',
            ("ReadWriteOnce", "ReadWriteMany"),
            "spec.accessModes[0]",
        ),
        (
            'k8s.core.v1.Secret("x", string_data={"password": "correct-horse"}, opts=here)',
            ("correct-horse", "battery-staple"),
            "stringData.password",
        ),
    ],
)
def test_what_cannot_be_changed_in_place_is_replaced(
    shop: KubernetesProgram, made: str, changed: tuple[str, str], path: str
) -> None:
    shop.up(made)
    assert shop.changes(made.replace(*changed), "x") == {path: True}
    shop.up(made.replace(*changed))
    assert shop.steps(made.replace(*changed)) == {"x": Operation.SAME}


def test_a_field_of_another_manager_is_not_taken_over_and_the_manager_is_named(
    shop: KubernetesProgram,
) -> None:
    shop.up(ACCOUNT)
    change = {"op": "replace", "path": "/metadata/labels/a", "value": "theirs"}
    shop.plane.edit("v1", "ServiceAccount", shop.namespace, "robot", change)
    source = ACCOUNT.replace('"1"', '"2"')
    said = shop.refused(source)
    assert 'metadata.labels.a`: conflict with "kubectl-edit"' in said
    assert "pulumi.com/patchForce" in said
    force = '"annotations": {"pulumi.com/patchForce": "true"}, "labels"'
    shop.up(source.replace('"labels"', force))
    assert shop.live("v1", "ServiceAccount", "robot")["metadata"]["labels"] == {"a": "2"}


def test_an_import_adopts_what_is_there(shop: KubernetesProgram) -> None:
    thing = {"metadata": {"name": "settings", "namespace": shop.namespace}, "data": {"a": "1"}}
    shop.plane.make({"apiVersion": "v1", "kind": "ConfigMap", **thing})
    source = NAMED.replace(
        "opts=here", f'opts=ResourceOptions(provider=cluster, import_="{shop.namespace}/settings")'
    )
    assert shop.steps(source) == {"settings": Operation.IMPORT}
    shop.up(source)
    assert shop.steps(NAMED) == {"settings": Operation.SAME}


def test_what_exists_already_is_not_taken_over_and_how_to_adopt_it_is_said(shop: KubernetesProgram) -> None:
    thing = {"metadata": {"name": "settings", "namespace": shop.namespace}, "data": {"a": "theirs"}}
    shop.plane.make({"apiVersion": "v1", "kind": "ConfigMap", **thing})
    assert "warning: the server would refuse this now" in shop.told(NAMED)
    said = shop.refused(NAMED)
    assert "already exists" in said
    assert "import_" in said
    assert shop.live("v1", "ConfigMap", "settings")["data"] == {"a": "theirs"}


def test_an_object_deleted_by_somebody_is_seen_and_made_again(shop: KubernetesProgram) -> None:
    shop.up(NAMED)
    target = shop.plane.calls()
    target.client.request("DELETE", f"/api/v1/namespaces/{shop.namespace}/configmaps/settings")
    assert shop.drift()["settings"].gone
    shop.up(NAMED + "# again\n")
    shop.engine.refresh(shop.run)


def test_the_content_of_a_secret_is_never_in_clear(shop: KubernetesProgram) -> None:
    source = """
    k8s.core.v1.Secret("s", string_data={"password": "correct-horse-1"}, opts=here)
    k8s.core.v1.Secret("t", data={"password": "Y29ycmVjdC1ob3JzZS0x"}, opts=here)
    """
    shop.up(source)
    text = (shop.folder / "state/.pulumi/stacks/acme/dev.json").read_text()
    assert "correct-horse-1" not in text
    assert "Y29ycmVjdC1ob3JzZS0x" not in text
    assert set(shop.steps(source).values()) == {Operation.SAME}
    assert shop.drift() == {}


def test_custom_resources_of_any_kind_right_after_their_definition(shop: KubernetesProgram) -> None:
    source = """
    crd = k8s.apiextensions.v1.CustomResourceDefinition("crd", metadata={"name": "crons.stable.test"}, spec={
        "group": "stable.test", "scope": "Namespaced",
        "names": {"plural": "crons", "singular": "cron", "kind": "Cron"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"open_apiv3_schema": {
            "type": "object", "x_kubernetes_preserve_unknown_fields": True}}}]}, opts=here)
    k8s.apiextensions.CustomResource("c", api_version="stable.test/v1", kind="Cron", spec={"every": "1m"},
        opts=ResourceOptions(provider=cluster, depends_on=[crd]))
    """
    shop.up(source)
    assert set(shop.steps(source).values()) == {Operation.SAME}
    assert shop.drift() == {}
    name = shop.recorded("c")["id"].split("/")[1]
    assert shop.live("stable.test/v1", "Cron", name)["spec"] == {"every": "1m"}
    shop.up(source.replace("1m", "2m").replace('"cron", "kind"', '"cron", "shortNames": ["cr"], "kind"'))
    assert shop.live("stable.test/v1", "Cron", name)["spec"] == {"every": "2m"}
    shop.up("")


def test_manifests_are_decoded_as_kubernetes_reads_them(shop: KubernetesProgram) -> None:
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {mode: '0644'}\n---\n# empty\n"
    source = f'k8s.yaml.ConfigGroup("g", yaml=[{manifest!r}], opts=ResourceOptions(providers=[cluster]))'
    shop.up(source)
    assert shop.live("v1", "ConfigMap", "m")["data"] == {"mode": "0644"}


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (
            'k8s.core.v1.ConfigMapPatch("p", metadata={"labels": {"a": "1"}}, opts=here)',
            "a patch needs the name",
        ),
        (
            'k8s.core.v1.ConfigMap("p", metadata={"generate_name": "p-"}, opts=here)',
            "`generateName` is not supported",
        ),
        (
            'k8s.core.v1.ConfigMap("p", opts=here, '
            'metadata={"annotations": {"pulumi.com/timeoutSeconds": "soon"}})',
            "is a number of seconds, not `soon`",
        ),
        (
            'k8s.core.v1.Service("p", spec={"ports": [{"port": 99999}]}, opts=here)',
            "must be between 1 and 65535",
        ),
        ('k8s.Provider("q", enable_server_side_apply=False)', "client-side apply is not supported"),
    ],
)
def test_a_wrong_input_is_refused_in_the_plan(shop: KubernetesProgram, source: str, says: str) -> None:
    with pytest.raises(Exception, match=re.escape(says)):
        shop.steps(source)


def test_a_patch_changes_a_few_fields_of_what_others_own_and_gives_them_back(shop: KubernetesProgram) -> None:
    thing = {"metadata": {"name": "theirs", "namespace": shop.namespace}, "data": {"a": "1"}}
    shop.plane.make({"apiVersion": "v1", "kind": "ConfigMap", **thing})
    source = 'k8s.core.v1.ConfigMapPatch("p", metadata={"name": "theirs"}, data={"b": "2"}, opts=here)'
    shop.up(source)
    assert shop.live("v1", "ConfigMap", "theirs")["data"] == {"a": "1", "b": "2"}
    assert shop.drift() == {}
    shop.up("")
    assert shop.live("v1", "ConfigMap", "theirs")["data"] == {"a": "1"}


def test_ignored_changes_stay_with_their_manager(shop: KubernetesProgram) -> None:
    shop.up(ACCOUNT)
    change = {"op": "replace", "path": "/metadata/labels/a", "value": "theirs"}
    shop.plane.edit("v1", "ServiceAccount", shop.namespace, "robot", change)
    ignoring = "opts=ResourceOptions(provider=cluster, ignore_changes=['metadata.labels'])"
    source = ACCOUNT.replace("opts=here", f"automount_service_account_token=False, {ignoring}")
    shop.up(source)
    live = shop.live("v1", "ServiceAccount", "robot")
    assert live["metadata"]["labels"] == {"a": "theirs"}
    assert live["automountServiceAccountToken"] is False


def test_a_cluster_that_does_not_exist_yet_is_planned_with_names_and_namespaces(
    shop: KubernetesProgram,
) -> None:
    """Without this, the engine asks no provider, and the plan has neither."""
    shop.program(
        """
        import asyncio

        async def now(value):
            return value

        later = pulumi.Output(set(), asyncio.ensure_future(now(None)), asyncio.ensure_future(now(False)))
        there = k8s.Provider("there", kubeconfig=later, namespace="team")
        k8s.core.v1.ConfigMap("settings", data={"a": "1"}, opts=ResourceOptions(provider=there))
        k8s.core.v1.Namespace("team", opts=ResourceOptions(provider=there))
        """
    )
    preview = shop.engine.preview(shop.run)
    made = {step.name: step.inputs for step in preview.steps}
    assert made["there"]["kubeconfig"] is UNKNOWN
    metadata = made["settings"]["metadata"]
    assert isinstance(metadata, Mapping)
    assert metadata["namespace"] == "team"
    assert str(metadata["name"]).startswith("settings-")
    assert isinstance(made["team"]["metadata"], Mapping)
    assert "namespace" not in made["team"]["metadata"]
    graph = {item.name: item for item in preview.graph.resources}
    assert graph["there"].inputs["kubeconfig"] is UNKNOWN
    warnings = [item.message for item in preview.diagnostics]
    assert "not checked by the server: the cluster is known only after apply" in warnings


def test_a_dead_server_and_a_wrong_token_are_no_green_preview(shop: KubernetesProgram) -> None:
    told = shop.as_user("administrator", server="https://127.0.0.1:1").told(CONFIG)
    assert "warning: not checked by the server: the API server https://127.0.0.1:1 cannot be reached" in told
    told = shop.as_user("deployer", token="wrong").told(CONFIG)
    assert "does not accept the credentials" in told
    assert "the cluster does not accept the credentials" in shop.refused(CONFIG)
