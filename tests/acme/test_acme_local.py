"""`prodfirst local env`, `exec` and `logs`, by the ordinary `aws` command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from acme_estate import Acme

_BIN = Path(sys.executable).parent
_WHO = "aws sts get-caller-identity --query Arn --output text"


def _shell(acme: Acme, script: str) -> subprocess.CompletedProcess[str]:
    """A user's shell, which finds `prodfirst` and `aws` on its PATH and has nothing else of AWS."""
    return subprocess.run(
        ["bash", "-c", script],
        cwd=acme.folder,
        env={
            "PATH": f"{_BIN}:{os.environ['PATH']}",
            "HOME": str(acme.home),
            "PRODFIRST_HOME": str(acme.home),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_env_makes_a_shell_the_administrators(acme: Acme) -> None:
    done = _shell(acme, f'eval "$(prodfirst local env)"; {_WHO}')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("arn:aws:iam::111122223333:")


def test_without_it_the_command_has_no_credentials(acme: Acme) -> None:
    done = _shell(acme, f"AWS_EC2_METADATA_DISABLED=true {_WHO}")
    assert done.returncode != 0
    assert "credentials" in done.stderr


def test_exec_passes_output_and_exit_code_on_and_lists_the_buckets(acme: Acme) -> None:
    done = _shell(acme, "prodfirst local exec -- aws s3 ls")
    assert done.returncode == 0, done.stderr
    assert "acme-local-state" in done.stdout
    failing = _shell(acme, "prodfirst local exec -- aws s3 ls s3://no-such-bucket-anywhere")
    assert failing.returncode not in (0, 1, 2, 3)  # the command's own, not ours
    assert "NoSuchBucket" in failing.stderr


def test_exec_names_a_command_that_is_not_there(acme: Acme) -> None:
    done = _shell(acme, "prodfirst local exec -- no-such-command")
    assert done.returncode == 2
    assert "no command `no-such-command`" in done.stderr


def test_logs_show_who_called_what_and_what_was_decided(acme: Acme) -> None:
    denied = "prodfirst local exec --as network/plan -- aws iam list-roles"
    assert "AccessDenied" in _shell(acme, denied).stderr
    text = _shell(acme, "prodfirst local logs --denied -n 1").stdout
    assert "deny" in text
    assert "iam:ListRoles" in text
    assert "acme-local-network-plan" in text
    lines = _shell(acme, "prodfirst local logs --json -n 3").stdout.splitlines()
    entries = [json.loads(line) for line in lines]
    assert len(entries) == 3
    assert {"principal", "operation", "decision", "reason"} <= set(entries[-1])


def test_exec_as_one_of_a_team_has_the_teams_role_and_leaves_no_key(acme: Acme) -> None:
    done = _shell(acme, f"prodfirst local exec --as team:data -- {_WHO}")
    assert done.stdout.endswith(":assumed-role/acme-local.team-data/member-of-data\n"), done.stderr
    keys = acme.aws("iam", "list-access-keys", "--user-name", "acme-local.member-data")
    assert keys["AccessKeyMetadata"] == []


def test_who_is_not_of_the_group_does_not_take_on_the_teams_role(acme: Acme) -> None:
    role = "arn:aws:iam::111122223333:role/prodfirst/acme/local/acme-local.team-data"
    asked = f"aws sts assume-role --role-session-name me --role-arn {role}"
    assert "AccessDenied" in _shell(acme, f"prodfirst local exec -- {asked}").stderr


def test_a_member_whose_group_was_changed_has_the_estates_again(acme: Acme) -> None:
    name = ("--user-name", "acme-local.member-platform")
    as_platform = f"prodfirst local exec --as team:platform -- {_WHO}"
    assert _shell(acme, as_platform).returncode == 0
    acme.aws("iam", "tag-user", *name, "--tags", "Key=prodfirst:group,Value=acme-data")
    assert "team-platform" in _shell(acme, as_platform).stdout
    tags = acme.aws("iam", "list-user-tags", *name)["Tags"]
    assert tags == [{"Key": "prodfirst:group", "Value": "acme-platform"}]


def test_exec_names_who_is_there_when_nobody_is_meant(acme: Acme) -> None:
    for word, why in (("team:sales", "`platform`, `data`, `shop`"), ("network", "`STACK/plan`")):
        done = _shell(acme, f"prodfirst local exec --as {word} -- true")
        assert done.returncode == 2
        assert f"`{word}` is no identity of the local cloud" in done.stderr
        assert why in done.stderr
