"""Runs a program by Pulumi's own Automation API, with nothing of prodfirst but what the program imports.

`python plain_pulumi.py FOLDER STATE-FOLDER CONFIGURATION.json` prints the outputs as JSON. The Automation API
has a language host of its own, so no language plugin is needed; the environment attaches the aws provider.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

from pulumi import automation


def main() -> None:
    folder, state, settings = map(Path, sys.argv[1:])

    def program() -> None:
        runpy.run_path(str(folder / "__main__.py"), run_name="__main__")

    stack = automation.create_or_select_stack(
        "local",
        project_name=folder.name,
        program=program,
        opts=automation.LocalWorkspaceOptions(
            env_vars={
                "PULUMI_BACKEND_URL": f"file://{state}",
                "PULUMI_CONFIG_PASSPHRASE": "a test",
            }
        ),
    )
    stack.set_all_config(
        {
            name: automation.ConfigValue(value if isinstance(value, str) else json.dumps(value))
            for name, value in json.loads(settings.read_text()).items()
        }
    )
    outputs = stack.up(on_output=lambda line: print(line, file=sys.stderr)).outputs
    print(json.dumps({name: output.value for name, output in outputs.items()}))


if __name__ == "__main__":
    main()
