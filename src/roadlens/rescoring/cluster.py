"""Has a cluster of Spark run the rules over chunks, through one process that speaks with it; another if that one dies.

Imports nothing of Spark: what needs a Java machine is in `spark`, which is the process.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from roadlens.errors import RoadlensError, SetupError
from roadlens.rescoring import pool
from roadlens.rescoring.tasks import Greeting, Made, Spread

COMMAND = (sys.executable, "-m", "roadlens.rescoring.spark")

# Spark 4's. It does not start with an older one, and says so in many lines.
_JAVA_AT_LEAST = 17
_JAVA_VERSION = re.compile(r'version "(\d+)')

# As Spark has it: several masters, of which one leads, are separated by commas.
_MASTER = re.compile(r"spark://[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*")
_CONNECT_WITHIN_S = 5.0

# A process that has made at least one chunk before it died has had bad luck; so many in a row that made none have not.
_ATTEMPTS = 3

OnMade = Callable[[Made], None]


def check(master: str) -> None:
    """Whether this machine can speak with that cluster at all.

    Raises:
        SetupError: Spark or Java is missing, or nobody listens there; says what to do.
    """
    if find_spec("pyspark") is None:
        raise SetupError("Spark is not installed here. Install it with: pip install 'roadlens[spark]'")
    found = _java_version()
    if found is None or found < _JAVA_AT_LEAST:
        there = "there is none here" if found is None else f"the one here is {found}"
        raise SetupError(
            f"Spark needs Java {_JAVA_AT_LEAST} or newer, and {there}. Install it (Debian: openjdk-17-jre-headless), "
            "or set JAVA_HOME to where it is."
        )
    if not _MASTER.fullmatch(master):
        raise SetupError(f"{master!r} is no standalone cluster of Spark. Give its address, as spark://HOST:PORT.")
    addresses = [address.rsplit(":", 1) for address in master.removeprefix("spark://").split(",")]
    if not any(_listens(host, int(port)) for host, port in addresses):
        raise SetupError(
            f"Nobody listens at {master}. Start the cluster's master, or look for its address on its page."
        )


async def spread(greeting: Greeting, chunks: Sequence[int], on_made: OnMade, command: Sequence[str] = COMMAND) -> None:
    """Have the cluster make events and sums of all these chunks, whose fixes are exported, in any order.

    Raises:
        SetupError: the cluster cannot be reached, or cannot do it; says why.
        RoadlensError: the process that speaks with it has died several times.
    """
    left, attempts = dict.fromkeys(chunks), 0
    while left:
        if attempts == _ATTEMPTS:
            raise RoadlensError(
                f"The process that speaks with the cluster was ended {_ATTEMPTS} times. Look whether memory is short; "
                "what was finished stays, so run the same command again."
            )
        attempts += 1
        async with pool.Process(command) as driver:
            await driver.say(greeting)
            await driver.say(Spread(tuple(left)))
            while left and isinstance(made := await driver.hear(), Made):
                attempts = 0
                del left[made.chunk]
                on_made(made)


def _java_version() -> int | None:
    home = os.environ.get("JAVA_HOME")
    program = f"{home}/bin/java" if home else shutil.which("java")
    if program is None:
        return None
    try:
        said = subprocess.run([program, "-version"], capture_output=True, check=False).stderr.decode(errors="replace")
    except OSError:
        return None
    found = _JAVA_VERSION.search(said)
    return int(found[1]) if found else None


def _listens(host: str, port: int) -> bool:
    """Spark itself would try for a minute."""
    try:
        socket.create_connection((host, port), _CONNECT_WITHIN_S).close()
    except (OSError, OverflowError):
        return False
    return True
