"""Who may do what: an identity for every stack, a role for every team."""

from pathlib import Path

from prodfirst.blueprints.aws.identity import Identity

Identity("identity", locks=Path(__file__).parents[2] / "permissions")
