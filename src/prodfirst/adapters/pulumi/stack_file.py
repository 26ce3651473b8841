"""Pulumi's stack file (`Pulumi.ENVIRONMENT.yaml`): secrets provider, wrapped data key, configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from prodfirst.kernel.errors import InvalidInput, Problem
from prodfirst.kernel.paths import private_dir

_SIZE_LIMIT = 1024 * 1024


@dataclass(frozen=True)
class StackFile:
    """One stack file's content. Secret configuration stays encrypted (`secure: …`)."""

    secrets_provider: str = ""
    """Such as `awskms://alias/prodfirst/acme/local/network?region=eu-central-1`."""
    encrypted_key: str = ""
    config: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def with_config(self, *layers: Mapping[str, Any]) -> StackFile:
        """The same file with more configuration; later layers win."""
        merged: dict[str, Any] = dict(self.config)
        for layer in layers:
            merged.update(layer)
        return StackFile(self.secrets_provider, self.encrypted_key, MappingProxyType(merged))

    @property
    def has_secrets(self) -> bool:
        """Whether some value is encrypted under this file's key."""
        return any(map(holds_secret, self.config.values()))

    def write(self, path: Path) -> None:
        """Write the file with mode 0600, whole or not at all. JSON is YAML, and needs no second writer."""
        data: dict[str, Any] = {}
        if self.secrets_provider:
            data["secretsprovider"] = self.secrets_provider
        if self.encrypted_key:
            data["encryptedkey"] = self.encrypted_key
        data["config"] = {key: self.config[key] for key in sorted(self.config)}
        private_dir(path.parent)
        partial = path.with_name(path.name + ".new")
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
            json.dump(data, stream, indent=2)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)


def holds_secret(value: Any) -> bool:
    """Whether a value, or one inside it, is encrypted: `secure: CIPHERTEXT`."""
    if isinstance(value, Mapping):
        return "secure" in value or any(map(holds_secret, value.values()))
    return isinstance(value, list) and any(map(holds_secret, value))


def read(path: Path) -> StackFile | None:
    """The stack file at `path`, or None where there is none. Raises InvalidInput where it is not one."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        if path.stat().st_size > _SIZE_LIMIT:
            raise _invalid(path, f"it is larger than {_SIZE_LIMIT} bytes")
        data = YAML(typ="safe", pure=True).load(path.read_text())
    except FileNotFoundError:
        return None
    except (YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid(path, str(error)) from error
    if data is None:
        data = {}
    if not isinstance(data, dict) or not isinstance(data.get("config") or {}, dict):
        raise _invalid(path, "it is not a mapping with `config`")
    return StackFile(
        str(data.get("secretsprovider") or ""),
        str(data.get("encryptedkey") or ""),
        MappingProxyType({str(key): value for key, value in (data.get("config") or {}).items()}),
    )


def _invalid(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        Problem(
            f"`{path}` is not a stack file", why=why, fix="correct it, or see `pulumi config` for its form"
        )
    )
