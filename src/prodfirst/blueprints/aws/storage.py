"""Buckets for the company's data: one key, versions, and a log of every access."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_aws as aws

from prodfirst.blueprints.aws.buckets import delivery, private_bucket
from prodfirst.blueprints.blueprint import Blueprint, Protection, place

_LOGGING = "logging.s3.amazonaws.com"


class Storage(Blueprint):
    """Buckets under one key, and a bucket for the log of their accesses."""

    token = "prodfirst:aws:Storage"  # noqa: S105 - Pulumi's word for the name of a type
    defaults: ClassVar[Mapping[str, Any]] = {"key.deletion_window_in_days": 30, "key.tags": None}
    protections: ClassVar[Mapping[str, Protection]] = {
        "key.enable_key_rotation": Protection(on=True, off=False),
        "key.protect": Protection(on=True, off=False, removal=True),
        "bucket.protect": Protection(on=True, off=False, removal=True),
    }

    def __init__(
        self,
        name: str,
        *,
        buckets: Sequence[str],
        overrides: Mapping[str, Any] | None = None,
        unprotected: Mapping[str, str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`buckets`: what each is for; its name is that after the stack's prefix."""
        super().__init__(name, overrides=overrides, unprotected=unprotected, opts=opts)
        here = place()
        self.key = aws.kms.Key(
            name,
            description=f"{here.prefix}: data at rest",
            **self.settings("key"),
            opts=self.options("key"),
        )
        aws.kms.Alias(
            name,
            name=f"alias/{here.prefix}-{name}",
            target_key_id=self.key.key_id,
            opts=self.options("alias"),
        )
        log = f"{here.prefix}-access-log"
        written = private_bucket(
            "access-log",  # S3 delivers access logs only to buckets under its own key
            log,
            self.options("bucket"),
            statements=[
                delivery("AccessLog", _LOGGING, "s3:PutObject", f"arn:aws:s3:::{log}/*", here.account)
            ],
        )
        self.buckets: dict[str, pulumi.Output[str]] = {}
        for role in buckets:
            made = private_bucket(role, f"{here.prefix}-{role}", self.options("bucket"), kms_key=self.key.arn)
            aws.s3.BucketLogging(
                role,
                bucket=made.bucket.id,
                target_bucket=written.bucket.id,
                target_prefix=f"{role}/",
                opts=self.options("logging", after=[written.policy]),
            )
            self.buckets[role] = made.bucket.bucket
        self.key_arn = self.key.arn
        self.register_outputs({})
