"""Two packages of one program behind one port of one process."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aws_programs import aws_program
from engine_fixtures import Deployment
from kubernetes_programs import KubernetesProgram

from prodfirst.kernel.errors import Failure
from prodfirst.localcloud.lifecycle import LocalCloud

_BOTH = """
import pulumi_aws as aws
key = aws.kms.Key("key")
k8s.core.v1.ConfigMap("settings", metadata={"name": "settings"}, data={"key": key.arn}, opts=here)
"""


def test_a_program_of_two_packages(shop: KubernetesProgram, cloud: LocalCloud) -> None:
    environment = aws_program(shop, dict(cloud.environment())).run.engine_environment
    both = replace(shop, run=replace(shop.run, engine_environment=environment))
    both.up(_BOTH)
    assert shop.live("v1", "ConfigMap", "settings")["data"]["key"].startswith("arn:aws:kms:")


def test_a_package_that_is_not_served_is_named(shop: KubernetesProgram, deployment: Deployment) -> None:
    (provider,) = shop.run.providers
    wrong = replace(
        shop, run=replace(shop.run, providers=(replace(provider, others=("kubernetes", "tiny")),))
    )
    wrong.program('Thing("x", size=1)')
    with pytest.raises(Failure, match="the package `tiny` is not served here; these are: aws, kubernetes"):
        wrong.engine.preview(wrong.run)
