"""The clusters' issuers beside others, for whoever verifies web identity tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prodfirst.localcloud.aws.webidentity import TokenIssuer
from prodfirst.localcloud.kubernetes.clusters import Clusters


@dataclass(frozen=True, slots=True)
class _ClusterIssuer:
    keys: Mapping[str, Any]

    def published(self) -> Mapping[str, Any]:
        return self.keys

    def rejects(self, claims: Mapping[str, Any]) -> bool:
        """STS asks for the keys and nothing else: a token counts until it expires."""
        return False


class Issuers(Mapping[str, TokenIssuer]):
    """`others`, and each cluster that exists at the moment; by issuer without its scheme."""

    def __init__(self, clusters: Clusters, others: Mapping[str, TokenIssuer]) -> None:
        self._clusters = clusters
        self._others = others

    def __getitem__(self, host: str) -> TokenIssuer:
        if host in self._others:
            return self._others[host]
        return _ClusterIssuer(self._clusters.published()[host])

    def __iter__(self) -> Iterator[str]:
        return iter((*self._others, *self._clusters.published()))

    def __len__(self) -> int:
        return len(self._others) + len(self._clusters.published())
