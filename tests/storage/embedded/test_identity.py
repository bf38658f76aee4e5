"""Whoever starts it, PostgreSQL runs as somebody other than root."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from roadlens.storage.embedded.binaries import find_binaries
from roadlens.storage.embedded.identity import as_caller, choose_identity


def test_chosen_identity_is_not_root_inside() -> None:
    identity = choose_identity(find_binaries())
    command = identity.command(Path("/usr/bin/id"), "-u")
    inside = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert int(inside) != 0


def test_ordinary_user_stays_who_they_are() -> None:
    identity = choose_identity(find_binaries())
    assert (identity == as_caller()) == (os.geteuid() != 0)
