"""The buckets that hold the company's data."""

from prodfirst.blueprints.aws import Storage
from prodfirst.contracts.program import publish

storage = Storage("data", buckets=["documents"])

publish(documents_bucket=storage.buckets["documents"], key_arn=storage.key_arn)
