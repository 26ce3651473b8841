"""Estates written in one line a stack: `name:layer[:reads=a+b]`."""

from __future__ import annotations

from pathlib import Path

HEADER = """\
version: 1
name: acme
repository: github.com/acme/estate
environments:
  local:
    cloud: aws
    local: true
    account: "111122223333"
    region: eu-central-1
    zones: [eu-central-1a]
    backend: s3://acme-state
teams:
  platform: { group: acme-platform }
stacks:
"""


def write(folder: Path, *stacks: str) -> Path:
    """Write an estate with programs; returns the path of its file."""
    lines = []
    for line in stacks:
        name, layer, *options = line.split(":")
        lines.append(f"  {name}: {{ layer: {layer}, owner: platform, program: {name}")
        for option in options:
            key, _, value = option.partition("=")
            reads = ", ".join(f"{read}: [field]" for read in value.split("+"))
            lines[-1] += f", {key}: {{ {reads} }}" if key == "reads" else f", {key}: {value}"
        lines[-1] += " }"
        program(folder, name)
    return write_text(folder, HEADER + "\n".join(lines) + "\n")


def write_text(folder: Path, text: str) -> Path:
    path = folder / "prodfirst.yaml"
    path.write_text(text)
    return path


def program(folder: Path, name: str, runtime: str = "python") -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "Pulumi.yaml").write_text(f"name: acme-{name}\nruntime: {runtime}\n")
