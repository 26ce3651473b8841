"""The network that everything else will live in."""

import pulumi

from prodfirst.blueprints.aws import Network
from prodfirst.contracts.program import publish

network = Network("main", cidr=pulumi.Config().get("cidr") or "10.20.0.0/16")

publish(vpc_id=network.vpc_id, private_subnet_ids=network.private_subnet_ids)
