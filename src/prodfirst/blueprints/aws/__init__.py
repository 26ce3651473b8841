"""Blueprints for AWS: what a stack's program makes, with the defaults that production needs."""

from prodfirst.blueprints.aws.cluster import Cluster
from prodfirst.blueprints.aws.database import Database
from prodfirst.blueprints.aws.network import Network
from prodfirst.blueprints.aws.storage import Storage

__all__ = ["Cluster", "Database", "Network", "Storage"]
