"""What the documentation says to type works, in its order, from an empty folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import DOCS, README, Reader, commands

from prodfirst.kernel.paths import cache
from prodfirst.localcloud.lifecycle import LocalCloud

_ROOT = DOCS.parent
_GO_ON = ("how-to/add-a-stack.md", "how-to/add-a-team.md", "how-to/override-a-default.md")
"""Pages that go on in the tutorial's estate."""
_END = "## The end"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """With `prodfirst`, `aws` and `kubectl` on the PATH, and nothing else of this installation."""
    folder = tmp_path_factory.mktemp("reader")
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    home = folder / "prodfirst-home"
    yield Reader(
        folder,
        {"PATH": path, "HOME": str(folder), "PRODFIRST_HOME": str(home), "PRODFIRST_CACHE": str(cache())},
    )
    if (home / "local").is_dir():
        LocalCloud(home / "local").down()


def _split(page: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The blocks before the section that ends the page's story, and those of it."""
    before, _, after = (DOCS / page).read_text().partition(_END)
    count = before.count("```sh\n")
    blocks = commands(page)
    assert after.count("```sh\n") == len(blocks) - count
    return blocks[:count], blocks[count:]


def test_the_tutorial_and_the_pages_that_go_on_from_it(reader: Reader) -> None:
    story, end = _split("tutorial.md")
    said = reader.paste(story)
    assert "permission-missing (mandatory)" in said
    assert "AccessDenied" in said
    assert "0 decided otherwise than they must be" in said
    inside = Reader(reader.folder / "first-estate", reader.variables)
    for page in _GO_ON:
        assert commands(page), page
        inside.paste(commands(page))
    inside.paste(end)


def test_the_readme_begins_an_estate_beside_the_checkout(reader: Reader) -> None:
    (begin,) = (block for block in commands(README) if "prodfirst init" in block)
    (reader.folder / "checkout").mkdir()
    said = Reader(reader.folder / "checkout", reader.variables).paste((begin,))
    assert "nothing is missing" in said
    assert (reader.folder / "my-estate" / "prodfirst.yaml").is_file()


@pytest.mark.parametrize("tool", ["reference.py", "notices.py", "speed.py", "histogram.py"])
def test_generated_pages_are_as_they_would_be_made_now(tool: str) -> None:
    command = [sys.executable, str(_ROOT / "tools" / tool), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_documentation_is_built_with_every_link_and_anchor_checked(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--site-dir",
        str(tmp_path / "site"),
    ]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "tutorial.html").is_file()


def test_a_link_that_leads_nowhere_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("[gone](gone.md)\n")
    settings = re.sub(r"^nav:.*", "", (_ROOT / "mkdocs.yml").read_text(), flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "mkdocs.yml").write_text(settings)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "gone.md" in done.stderr


def test_every_fault_of_the_table_has_its_test() -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", (DOCS / "faults.md").read_text())
    assert len(named) > 30
    gone = [
        f"{path}::{name}"
        for path, name in named
        if f"\ndef {name}(" not in (_ROOT / "tests" / path).read_text()
    ]
    assert gone == []


def test_the_changelog_can_be_gathered_from_its_fragments() -> None:
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9.9"]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "## 9.9.9" in done.stdout
    fragments = list((_ROOT / "changes").glob("*.md"))
    assert all(path.read_text().strip()[:60] in done.stdout for path in fragments)
