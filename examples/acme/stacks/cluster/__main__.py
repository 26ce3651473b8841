"""The cluster that applications run in, and who enters it."""

from prodfirst.blueprints.aws import Cluster
from prodfirst.contracts.program import publish, read

network = read("network")
cluster = Cluster(
    "main",
    subnet_ids=network.private_subnet_ids,
    furnished_by="platform",
    stacks=["shop", "blog"],
    teams=["shop", "blog"],
)

publish(
    name=cluster.name,
    endpoint=cluster.endpoint,
    certificate_authority=cluster.certificate_authority,
    oidc_issuer=cluster.oidc_issuer,
)
