"""`permissions/invokes.json`: committed answers of functions that ask the cloud, for offline previews.

Shape, version 1: `answers`, each with `environment`, `token`, `arguments` and `answer`. Everybody who reads
the checkout reads it, so it holds no secret.
"""

from __future__ import annotations

import json
from pathlib import Path

from prodfirst.adapters.pulumi.offline import Answer
from prodfirst.kernel.errors import InvalidInput, Problem

FILE_NAME = "invokes.json"
_VERSION = 1


def answers_for(folder: Path, environment: str) -> tuple[Answer, ...]:
    """The recorded answers of an environment; none where there is no file."""
    path = folder / FILE_NAME
    try:
        data = json.loads(path.read_text())
        if data["prodfirst"] != "invokes" or data["version"] != _VERSION:
            raise ValueError(f"it is no recording of version {_VERSION}")
        return tuple(
            Answer(item["token"], item["arguments"], item["answer"])
            for item in data["answers"]
            if item["environment"] == environment
        )
    except FileNotFoundError:
        return ()
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            Problem(
                f"`{path}` is not a recording",
                str(path),
                str(error),
                "make it again: `prodfirst permissions record`",
            )
        ) from error
