"""The database of the applications."""

from prodfirst.blueprints.aws import Database
from prodfirst.contracts.program import number, publish, read, secret_reference

network = read("network")
database = Database(
    "main",
    vpc_id=network.vpc_id,
    subnet_ids=network.private_subnet_ids,
    allow_from=[network.cidr],
)

publish(
    endpoint=database.endpoint,
    port=number(database.port),
    database=database.database,
    credentials=secret_reference(database.credentials),
)
