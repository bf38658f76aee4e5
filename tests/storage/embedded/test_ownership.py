"""The locks and the note in them."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from roadlens.storage.embedded.ownership import FileLock, Owner


def test_exclusive_keeps_everybody_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with closing(FileLock(path)) as one, closing(FileLock(path)) as other:
        assert one.try_exclusive()
        assert not other.try_exclusive()
        assert not other.try_shared()
        one.release()
        assert other.try_exclusive()


def test_shared_keeps_only_the_exclusive_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with closing(FileLock(path)) as one, closing(FileLock(path)) as other:
        assert one.try_shared()
        assert other.try_shared()
        assert not one.try_exclusive()


def test_note_is_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with closing(FileLock(path)) as one, closing(FileLock(path)) as other:
        assert other.read_owner() is None
        long = Owner(os.getpid(), "serve", exclusive=True, state="ready", url="postgresql://" + "x" * 100)
        for owner in (long, Owner(os.getpid(), "import", exclusive=False)):
            one.write_owner(owner)
            assert other.read_owner() == owner


def test_half_a_note_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.write_text('{"pid": 1, "purp')
    with closing(FileLock(path)) as lock:
        assert lock.read_owner() is None


def test_owner_that_has_ended_is_not_alive() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert not Owner(ended.pid, "serve", exclusive=True).is_alive
    assert Owner(os.getpid(), "serve", exclusive=True).is_alive
