"""Grants in words, as people say them."""

from __future__ import annotations

from collections.abc import Iterable

from prodfirst.permissions.grants import Conditions, Reason

_TAG = "prodfirst:"
_KINDS = {"aws:ResourceTag": "tagged as", "aws:RequestTag": "made with tags of"}


def limits_of(held: Conditions) -> tuple[str, ...]:
    """Conditions as phrases; the three tags that say whose something is, as one."""
    phrases: list[str] = []
    for operator, key, values in held:
        kind, _, tag = key.partition("/")
        if operator == "StringEquals" and kind in _KINDS and tag.startswith(_TAG):
            if tag == f"{_TAG}stack":
                phrases.append(f"{_KINDS[kind]} stack {' or '.join(values)}")
        elif operator == "Null":
            phrases.append(f"no tag {tag} yet" if values == ("true",) else f"a tag {tag}")
        elif operator.startswith("ForAllValues:StringNot"):
            phrases.append(f"not {' or '.join(values)} among {key}")
        elif operator in ("StringEquals", "ArnEquals", "Bool"):
            phrases.append(f"{key} {' or '.join(values)}")
        else:
            phrases.append(f"{operator} {key} {' or '.join(values)}")
    return tuple(phrases)


def needed_by(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Each kind of resource once, with its names and files."""
    by_kind: dict[tuple[str, str], set[str]] = {}
    for item in reasons:
        kind = item.type.rsplit(":", 1)[-1]
        by_kind.setdefault((kind, item.file), set()).add(item.name)
    return tuple(
        f"{kind} {', '.join(f'`{name}`' for name in sorted(names))}" + (f" in {file}" if file else "")
        for (kind, file), names in sorted(by_kind.items())
    )
