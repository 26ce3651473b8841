"""Blueprints for AWS: what a stack's program makes, with the defaults that production needs."""

from prodfirst.blueprints.aws.database import Database
from prodfirst.blueprints.aws.network import Network
from prodfirst.blueprints.aws.storage import Storage

__all__ = ["Database", "Network", "Storage"]
