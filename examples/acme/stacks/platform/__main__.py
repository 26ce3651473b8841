"""What teams get of the cluster: a namespace each, within limits, and what the whole cluster refuses."""

from pathlib import Path

from prodfirst.blueprints.blueprint import place
from prodfirst.blueprints.kubernetes import Platform, TeamSpace, connect
from prodfirst.contracts.program import publish, read

locks = Path(__file__).parents[2] / "permissions"
registry = f"{place().account}.dkr.ecr.{place().region}.amazonaws.com/"

cluster = connect(read("cluster"))
Platform("main", cluster=cluster, registries=[registry], locks=locks)
shop = TeamSpace("shop", cluster=cluster, stacks=["shop"], locks=locks)
blog = TeamSpace("blog", cluster=cluster, stacks=["blog"], locks=locks)

publish(namespaces={"shop": shop.namespace, "blog": blog.namespace}, registry=registry)
