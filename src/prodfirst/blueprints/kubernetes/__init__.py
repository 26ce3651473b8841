"""Blueprints for Kubernetes: what teams get of a cluster, and what they run in it."""

from prodfirst.blueprints.kubernetes.application import Application
from prodfirst.blueprints.kubernetes.connection import connect
from prodfirst.blueprints.kubernetes.platform import Platform
from prodfirst.blueprints.kubernetes.team_space import TeamSpace

__all__ = ["Application", "Platform", "TeamSpace", "connect"]
