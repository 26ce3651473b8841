from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from prodfirst.adapters import git


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://github.com/acme/estate.git", "github.com/acme/estate"),
        ("https://github.com/acme/estate", "github.com/acme/estate"),
        ("git@github.com:acme/estate.git", "github.com/acme/estate"),
        ("ssh://git@git.example.com:2222/group/sub/estate.git", "git.example.com/group/sub/estate"),
        ("https://somebody:secret@github.com/acme/estate.git", "github.com/acme/estate"),
        ("/srv/git/estate.git", None),
        ("../estate", None),
        ("file:///srv/git/estate.git", None),
        ("https://github.com/estate", None),
    ],
)
def test_a_remote_is_a_host_an_owner_and_a_name_and_never_who_logs_in(url: str, found: str | None) -> None:
    assert git.repository_of(url) == found


def test_the_remote_of_a_checkout_is_read_from_any_folder_in_it(tmp_path: Path) -> None:
    assert git.repository(tmp_path) is None
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert git.repository(tmp_path) is None
    remote = ["git", "-C", str(tmp_path), "remote", "add", "origin", "git@github.com:acme/estate.git"]
    subprocess.run(remote, check=True)
    (tmp_path / "deep").mkdir()
    assert git.repository(tmp_path / "deep") == "github.com/acme/estate"
