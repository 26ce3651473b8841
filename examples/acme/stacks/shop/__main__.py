"""What customers of the shop see."""

from prodfirst.blueprints.kubernetes import Application, connect
from prodfirst.contracts.program import publish, read

DIGEST = "sha256:4f0bd8c8d5c0b7a5b6a7f3e6b1f4a9d2c3e5f60718293a4b5c6d7e8f90a1b2c3"

cluster, platform, database = read("cluster"), read("platform"), read("database")
cidr = read("network").cidr
shop = Application(
    "shop",
    provider=connect(cluster),
    cluster=cluster,
    namespace="shop",
    image=platform.registry.apply(lambda registry: f"{registry}shop@{DIGEST}"),
    port=8080,
    environment={"DATABASE_HOST": database.endpoint, "DATABASE_NAME": database.database},
    secrets={"DATABASE_SECRET": ("database", "credentials")},
    reaches=[(cidr, 443), (cidr, 5432)],
)

publish(service=shop.service)
