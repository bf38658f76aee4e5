"""Runs a command of Roadlens in a process of its own, forked from one that has loaded everything: that takes a second.

Environment, directory, arguments and standard streams are the command's own.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Final

from roadlens.cli.main import PLACES, main

_FORKING: Final = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__, *(f"roadlens.cli.{place.partition(':')[0]}" for place in PLACES.values())])


def run(command: Sequence[str], environment: Mapping[str, str], typed: str, within_s: float) -> tuple[int, str]:
    """Its exit status, and all that it printed. The first word is the program's name.

    Raises:
        TimeoutExpired: it took longer, and was killed.
    """
    with tempfile.TemporaryDirectory() as directory:
        reads, prints = Path(directory, "typed"), Path(directory, "printed")
        reads.write_text(typed)
        prints.touch()
        streams = (str(reads), str(prints))
        process = _FORKING.Process(target=_become, args=(list(command), dict(environment), str(Path.cwd()), streams))
        process.start()
        try:
            process.join(within_s)
            if process.exitcode is None:
                raise TimeoutExpired(list(command), within_s, prints.read_bytes())
            return process.exitcode, prints.read_text()
        finally:
            process.kill()
            process.join()
            process.close()


def _become(command: list[str], environment: dict[str, str], directory: str, streams: tuple[str, str]) -> None:
    reads, prints = os.open(streams[0], os.O_RDONLY), os.open(streams[1], os.O_WRONLY | os.O_APPEND)
    for theirs, ours in ((reads, 0), (prints, 1), (prints, 2)):
        os.dup2(theirs, ours)
    os.close(reads)
    os.close(prints)
    # They are open for as long as the process lives.
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.argv = command
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    try:
        main()
    finally:
        atexit._run_exitfuncs()  # as at the end of any program; a process of `multiprocessing` leaves them out
