"""Lets a server see another time of day, by Debian's libfaketime, where that is installed.

Only the clock of dates is moved (CLOCK_REALTIME), as a machine's clock is when nobody sets it: those that count
seconds go on as they do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

# Found by Python before all else.
_REPAIRS: Final = Path(__file__).parent / "moved_clock"
_LIBRARIES: Final = "lib/*/faketime/libfaketimeMT.so.1"

# Seconds. Two servers may so be twice as far apart.
MOST_OFF_S: Final = 30


def library() -> Path | None:
    """None where it is not installed."""
    return next(iter(sorted(Path("/usr").glob(_LIBRARIES))), None)


def environment(off_s: int) -> dict[str, str]:
    """What a process is started with whose clock is to be so many seconds fast, or slow if it is less than 0."""
    loaded = library()
    if loaded is None or off_s == 0:
        return {}
    moved = {"LD_PRELOAD": str(loaded), "FAKETIME": f"{off_s:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    return moved | {"PYTHONPATH": str(_REPAIRS)}
