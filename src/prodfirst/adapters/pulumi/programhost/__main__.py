"""Start by path: `python programhost PIPE_FD EVENT_FIFO ROOT MODE`; MODE is `run` or `empty`."""

import importlib.util
import sys
from pathlib import Path


def load() -> None:
    """Make this folder the package `programhost`, without leaving it on the program's module path."""
    folder = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        "programhost", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(str(folder))
    package = importlib.util.module_from_spec(spec)
    sys.modules["programhost"] = package
    spec.loader.exec_module(package)
    sys.path.pop(0)


if __name__ == "__main__":
    load()
    importlib.import_module("programhost.serve").main(sys.argv[1:])
