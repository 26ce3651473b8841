"""How the Pulumi engine is built where it is missing."""

from __future__ import annotations

from pathlib import Path

from prodfirst.kernel.gotools import GoTool

BUILT_VERSION = "3.259.0"
"""Later versions are incomplete as Go modules (ENGINE.md)."""

ENGINE = GoTool(
    title="the Pulumi engine",
    name="pulumi",
    version=BUILT_VERSION,
    module=Path(__file__).parent / "build",
    packages=(("pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"),),
    variables=(("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version", f"v{BUILT_VERSION}"),),
    about_seconds=180,
    instead=f"install Pulumi {BUILT_VERSION} or newer",
)
