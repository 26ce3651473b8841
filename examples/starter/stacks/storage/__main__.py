"""The buckets that hold data."""

from prodfirst.blueprints.aws import Storage
from prodfirst.contracts.program import publish

storage = Storage("data", buckets=["documents"])

publish(documents_bucket=storage.buckets["documents"])
