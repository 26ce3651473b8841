"""The blog: what the company says of itself. It keeps nothing, and reads no secret."""

from prodfirst.blueprints.kubernetes import Application, connect
from prodfirst.contracts.program import publish, read

DIGEST = "sha256:9c1d2e3f405162738495a6b7c8d9eaf0b1c2d3e4f5061728394a5b6c7d8e9f01"

cluster, platform = read("cluster"), read("platform")
blog = Application(
    "blog",
    provider=connect(cluster),
    cluster=cluster,
    namespace="blog",
    image=platform.registry.apply(lambda registry: f"{registry}blog@{DIGEST}"),
    port=8080,
)

publish(service=blog.service)
