"""A moved clock is the one of dates alone; a lease runs on as it does."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from lab.clocks import environment

CLOCKS = "import time; print(time.time(), time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME))"


def test_a_clock_that_is_right_needs_nothing() -> None:
    assert environment(0) == {}


@pytest.mark.system
@pytest.mark.parametrize("off", [-3000, 3000])
def test_only_the_time_of_day_is_another(off: int) -> None:
    told = subprocess.run(
        [sys.executable, "-c", CLOCKS], env=os.environ | environment(off), capture_output=True, check=True
    )
    day, monotonic, boot = map(float, told.stdout.split())
    assert abs(day - time.time() - off) < 1000
    assert abs(monotonic - time.monotonic()) < 1000
    assert abs(boot - time.clock_gettime(time.CLOCK_BOOTTIME)) < 1000


@pytest.mark.system
@pytest.mark.parametrize("off", [-30, 30])
def test_a_thread_that_rests_goes_on(off: int) -> None:
    """What writes a server's log rests between its lines."""
    resting = "import time; time.sleep(0.02); print('rested')"
    told = subprocess.run(
        [sys.executable, "-c", resting], env=os.environ | environment(off), capture_output=True, check=False
    )
    assert (told.stdout, told.stderr) == (b"rested\n", b"")
