"""The estate as a picture: layers from the top down, stacks with owners, arrows from reader to read."""

from __future__ import annotations

from prodfirst.estate.definition import Estate, Layer, Stack


def text(estate: Estate) -> str:
    """For a terminal: what depends on much stands above what it depends on."""
    lines = [f"estate {estate.name}"]
    for layer in reversed(Layer):
        stacks = _of(estate, layer)
        if not stacks:
            continue
        lines.append(f"{layer}")
        for stack in stacks:
            marks = f"  owner {stack.owner}" + ("  stateful" if stack.stateful else "")
            lines.append(f"  {stack.name}{marks}")
            lines.extend(f"    reads {read.stack}: {', '.join(read.fields)}" for read in stack.reads)
    return "\n".join(lines)


def mermaid(estate: Estate) -> str:
    """A Mermaid flow chart, as GitHub and GitLab draw it."""
    lines = ["flowchart TD"]
    for layer in reversed(Layer):
        stacks = _of(estate, layer)
        if stacks:
            lines.append(f"  subgraph {layer}")
            lines.extend(f'    {_id(stack.name)}["{stack.name}<br/>{stack.owner}"]' for stack in stacks)
            lines.append("  end")
    for stack in estate.stacks.values():
        for read in stack.reads:
            fields = ", ".join(read.fields)
            lines.append(f'  {_id(stack.name)} -->|"{fields}"| {_id(read.stack)}')
    return "\n".join(lines)


def _of(estate: Estate, layer: Layer) -> list[Stack]:
    return [stack for stack in estate.stacks.values() if stack.layer is layer]


def _id(name: str) -> str:
    """Mermaid reads some names, such as `end`, as its own words."""
    return f"s_{name.replace('-', '_')}"
