"""`permissions/invokes.json`: committed answers of functions that ask the cloud, for offline previews.

Shape, version 1: `answers`, each with `environment`, `token`, `arguments` and `answer`. Everybody who reads
the checkout reads it, so it holds no secret.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from prodfirst.adapters.pulumi.host import Answered
from prodfirst.adapters.pulumi.offline import Answer
from prodfirst.kernel.errors import InvalidInput, Problem, Refused

FILE_NAME = "invokes.json"
_KIND = "invokes"
_VERSION = 1
_KEYS = ("environment", "token", "arguments", "answer")
_SECRET_MODULES = ("secretsmanager", "ssm")
"""Functions of AWS that hand out what is kept secret; not every provider marks their answers."""


def record(folder: Path, environment: str, answers: tuple[Answered, ...], *, whole: bool) -> int:
    """Write what programs were told in an environment; returns how many answers that are.

    `whole`: all programs of the environment were run, so older answers go. Raises Refused for a secret.
    """
    if secret := sorted({item.token for item in answers if item.answer is None or _is_secret(item.token)}):
        raise Refused(*map(_secret, secret))
    kept = [] if whole else answers_for(folder, environment)
    told = (Answer(item.token, _whole(item.arguments), _whole(item.answer)) for item in answers)
    entries = {
        _question(item): {
            "environment": environment,
            "token": item.token,
            "arguments": item.arguments,
            "answer": item.answer,
        }
        for item in (*kept, *told)
    }
    others = [item for item in _entries(folder / FILE_NAME) if item["environment"] != environment]
    data = {
        "prodfirst": _KIND,
        "version": _VERSION,
        "answers": sorted([*others, *entries.values()], key=lambda item: json.dumps(item, sort_keys=True)),
    }
    folder.mkdir(exist_ok=True)
    (folder / FILE_NAME).write_text(json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    return len(entries)


def answers_for(folder: Path, environment: str) -> tuple[Answer, ...]:
    """The recorded answers of an environment; none where there is no file."""
    return tuple(
        Answer(item["token"], item["arguments"], item["answer"])
        for item in _entries(folder / FILE_NAME)
        if item["environment"] == environment
    )


def _entries(path: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads(path.read_text())
        if data["prodfirst"] != _KIND or data["version"] != _VERSION:
            raise ValueError(f"it is no recording of version {_VERSION}")
        return [{key: item[key] for key in _KEYS} for item in data["answers"]]
    except FileNotFoundError:
        return []
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            Problem(
                f"`{path}` is not a recording",
                str(path),
                str(error),
                "make it again: `prodfirst permissions record`",
            )
        ) from error


def _question(item: Answer) -> str:
    return f"{item.token} {json.dumps(item.arguments, sort_keys=True)}"


def _whole(value: Any) -> Any:
    """Numbers as they were before the wire, which knows no integers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _is_secret(token: str) -> bool:
    return token.split(":")[1].split("/")[0] in _SECRET_MODULES


def _secret(token: str) -> Problem:
    return Problem(
        f"the answer of `{token}` is or may be secret, so it is not recorded",
        why="the recording is committed",
        fix="pass the secret by reference (its ARN or name), or publish the value as a contract",
    )
