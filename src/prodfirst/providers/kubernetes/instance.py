"""A configured provider instance: its cluster, reached when first needed, and what it has told already."""

from __future__ import annotations

import threading

from prodfirst.providers.kubernetes.client import ApiError, Client, Unreachable
from prodfirst.providers.kubernetes.cluster import Cluster, UnknownKind, namespaced_without_server
from prodfirst.providers.kubernetes.credentials import NoCredentials
from prodfirst.providers.kubernetes.kubeconfig import Access, InvalidKubeconfig, access_of
from prodfirst.providers.kubernetes.objects import Kind
from prodfirst.providers.kubernetes.settings import Settings
from prodfirst.providers.protocol import EngineLog

UNKNOWN_CLUSTER = "the cluster is known only after apply"


class NoCluster(Exception):
    """The cluster cannot be asked now; the text says why."""


class NotDeleted(Exception):
    """The cluster does not answer: nobody knows whether the object is there."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"not deleted: {why}. Next: make the cluster answer and apply again; where it is deleted for "
            "good, take its objects out of the state with `pulumi state delete`"
        )


class Instance:
    """One per connection of the engine; thread-safe."""

    def __init__(self, settings: Settings, log: EngineLog, stopping: threading.Event) -> None:
        """`stopping` is set when the user asks to stop."""
        self.settings = settings
        self.log = log
        self.stopping = stopping
        self._lock = threading.Lock()
        self._told: set[str] = set()
        self._replacing: set[str] = set()
        self._cluster: Cluster | None = None
        self._access: Access | None = None
        self._reason = "" if settings.known else UNKNOWN_CLUSTER
        if settings.known:
            self._open()

    def _open(self) -> None:
        """Reading a kubeconfig makes no call; a wrong one counts only when the cluster is needed."""
        settings = self.settings
        try:
            self._access = access_of(settings.kubeconfig, settings.context, settings.cluster)
            self._cluster = Cluster(Client(self._access))
        except (InvalidKubeconfig, ValueError, OSError) as error:
            self._reason = str(error)

    @property
    def namespace(self) -> str:
        """Where an object goes that names none: the provider's, the context's, or `default`."""
        return self.settings.namespace or (self._access.namespace if self._access else "default")

    @property
    def is_deletable_unheard(self) -> bool:
        """Whether what is in its cluster counts as deleted where that one does not answer."""
        known_gone = self._access is not None and self._access.server in self.settings.gone
        return self.settings.delete_unreachable or known_gone

    def cluster(self) -> Cluster:
        """Raises NoCluster where the configuration says too little."""
        if self._cluster is None:
            raise NoCluster(self._reason)
        return self._cluster

    def is_namespaced(self, kind: Kind) -> bool:
        """Scope by the built-in table for Kubernetes' own kinds, by discovery for others."""
        if kind.built_in:
            return namespaced_without_server(kind)
        try:
            return self.cluster().collection(kind).namespaced
        except (NoCluster, ApiError, Unreachable, NoCredentials, UnknownKind):
            return namespaced_without_server(kind)

    def warn_once(self, topic: str, urn: str, message: str) -> None:
        """A warning that holds for many resources is said at the first one."""
        with self._lock:
            told = topic in self._told
            self._told.add(topic)
        if told:
            self.log.tell(urn, message)
        else:
            self.log.warn(urn, message)

    def is_replacing(self, urn: str, now: bool | None = None) -> bool:
        """Whether the resource's object is to be deleted before it is made again; `now` sets it."""
        with self._lock:
            if now:
                self._replacing.add(urn)
            elif now is False:
                self._replacing.discard(urn)
            return urn in self._replacing
