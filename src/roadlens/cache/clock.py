"""The clocks: one that no suspension stops, for what must not outlive its time, and the one that all machines share."""

from __future__ import annotations

import time

# Linux's clock that also counts while the machine sleeps; elsewhere the monotonic clock is the nearest there is.
RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def running() -> float:
    """Seconds of this machine's clock that never goes back."""
    return time.clock_gettime(RUNNING)
