"""The unit is what systemd reads, keeps the service in, and names what Roadlens has."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from roadlens.cli.listener import LAST_ONES_S
from roadlens.cli.place import CLOSE_S
from roadlens.settings import Settings
from roadlens.settings.lifecycle import SHUTDOWN_S
from tests.support.deployed import DEPLOY, is_command, unknown_settings

UNIT = DEPLOY / "systemd" / "roadlens.service"
LINES = re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.MULTILINE)
# systemd's own measure of what a service could do if somebody took it over, in tenths: 100 is all.
MOST_EXPOSED = 20


def said(name: str) -> list[str]:
    return [value for found, value in LINES if found == name]


def environment_file() -> dict[str, str]:
    text = (DEPLOY / "systemd" / "roadlens.env").read_text()
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


@pytest.mark.system
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    """With a program that is there in the place of the one that will be."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/roadlens/bin/roadlens", sys.executable))
    command: list[str | Path] = ["systemd-analyze", "verify", copy]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.system
def test_whoever_took_it_over_could_do_little() -> None:
    command: list[str | Path] = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--no-pager",
        f"--threshold={MOST_EXPOSED}",
        UNIT,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_starts_a_command_that_there_is() -> None:
    (command,) = said("ExecStart")
    program, *words = shlex.split(command)
    assert program == "/opt/roadlens/bin/roadlens"
    assert is_command(words)


def test_settings_are_ones_that_roadlens_reads_and_accepts() -> None:
    words = [word.split("=", 1)[0] for line in said("Environment") for word in shlex.split(line)]
    assert unknown_settings([*words, *environment_file()]) == []
    Settings.model_validate(environment_file())


def test_each_secret_is_a_credential_that_is_handed_over() -> None:
    handed = {line.partition(":")[0] for line in said("LoadCredential")}
    named = {word.partition("%d/")[2] for line in said("Environment") for word in shlex.split(line) if "%d/" in word}
    assert handed == named


def test_stopping_has_the_time_that_it_takes() -> None:
    assert int(said("TimeoutStopSec")[0]) > LAST_ONES_S + SHUTDOWN_S + CLOSE_S


def test_it_tells_systemd_what_it_does_and_reloads_by_the_signal_that_replaces_workers() -> None:
    assert said("Type") == ["notify"]
    assert said("NotifyAccess") == ["main"]
    assert said("ExecReload") == ["kill -HUP $MAINPID"]
    assert int(said("WatchdogSec")[0]) > 0
