"""What both providers import, for a process that is prepared before it is needed."""

from prodfirst.providers.stubs import without_the_sdk

without_the_sdk()

from prodfirst.providers.aws import __main__ as aws  # noqa: E402
from prodfirst.providers.kubernetes import __main__ as kubernetes  # noqa: E402

__all__ = ["aws", "kubernetes"]
