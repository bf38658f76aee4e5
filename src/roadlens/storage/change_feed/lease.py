"""How long a worker may trust its versions without hearing that the way to it is whole. Knows clocks alone."""

from __future__ import annotations

import math
import time

# Seconds. A writer waits at most this long for a worker that does not answer; a worker hears four times in it that all
# is well (Gray & Cheriton, "Leases", SOSP 1989).
LEASE_S = 2.0
RENEWAL_S = 0.5

# Counts on while the machine sleeps, so that who wakes up knows how long it was (clock_gettime(2)). Not every system
# has it.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> float:
    """Seconds on a clock that never goes back and is nobody else's."""
    return time.clock_gettime(_CLOCK)


class Lease:
    """A deadline on this process's own clock. It is compared when asked, never by a timer: a paused process has none.

    Renewing is two steps. `sent` takes the time *before* the request leaves, so that whatever delays it or its answer
    shortens the lease; `returned` makes it hold.

    Attributes:
        renewed_at: when the last renewal that made it hold was sent; also when it does not hold any more.
    """

    __slots__ = ("_deadline", "_sent", "renewed_at")

    def __init__(self) -> None:
        self.renewed_at: float | None = None
        self._deadline = -math.inf
        self._sent: float | None = None

    def holds(self) -> bool:
        return time.clock_gettime(_CLOCK) < self._deadline

    @property
    def under_way(self) -> bool:
        """A request has left and its answer has not come."""
        return self._sent is not None

    def sent(self) -> None:
        self._sent = now()

    def returned(self, *, first: bool = False) -> bool:
        """The answer is here. False: only after the deadline before, which extends nothing. The `first` has none."""
        began, self._sent = self._sent, None
        if began is None or not (first or self.holds()):
            return False
        self.renewed_at, self._deadline = began, began + LEASE_S
        return self.holds()

    def end(self) -> None:
        """From now on it does not hold."""
        self._deadline = -math.inf
        self._sent = None
