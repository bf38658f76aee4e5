"""The last hour of hits and misses by prefix, in steps: differences of counters that somebody else keeps and sums."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

STEP_S: Final = 10
STEPS: Final = 360

# A clock that goes back by no more steps than this has been corrected, and is waited for.
_CORRECTED: Final = 6

logger = logging.getLogger(__name__)


class Counted(NamedTuple):
    """Hits and misses of a prefix: since the start, or within a step."""

    hits: int
    misses: int


# The sums up to now, by prefix.
ReadSums = Callable[[], Mapping[str, Counted]]


@dataclass(frozen=True, slots=True)
class Hour:
    """What was counted within each step, the oldest first, all steps for each prefix; the last ended at `until`."""

    until: datetime
    prefixes: Mapping[str, list[Counted]]


class History:
    """A ring of steps. They end at whole multiples of the step's length, so that all workers cut time alike."""

    def __init__(self, read: ReadSums) -> None:
        """`read` may take a moment: it is called in a thread."""
        self._read = read
        self._sums: Mapping[str, Counted] = {}
        self._number = 0
        self._steps: deque[Mapping[str, Counted]] = deque(maxlen=STEPS)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """A step is added whenever one ends while the block runs."""
        self.take(self._read(), time.time())
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})

    def take(self, sums: Mapping[str, Counted], now: float) -> None:
        """Add what has been counted since the last time, if a step has ended; `now` is in Unix seconds."""
        number = int(now // STEP_S)
        if self._number and number > self._number:
            # While nobody looked, as when the machine slept, nothing is known of single steps: the last has it all.
            self._steps.extend([{}] * min(number - self._number - 1, STEPS))
            self._steps.append({prefix: more for prefix, now in sums.items() if any(more := self._more(prefix, now))})
        back = number < self._number - _CORRECTED
        if back:
            self._steps.clear()
        if back or number > self._number:
            self._sums, self._number = sums, number

    def hour(self) -> Hour:
        """What is known, of those prefixes for which anybody asked."""
        steps, nothing = list(self._steps), Counted(0, 0)
        asked = sorted({prefix for step in steps for prefix in step})
        return Hour(
            datetime.fromtimestamp(self._number * STEP_S, UTC),
            {prefix: [step.get(prefix, nothing) for step in steps] for prefix in asked},
        )

    def _more(self, prefix: str, now: Counted) -> Counted:
        before = self._sums.get(prefix, Counted(0, 0))
        return Counted(now.hits - before.hits, now.misses - before.misses)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(STEP_S - time.time() % STEP_S)
            try:
                self.take(await asyncio.to_thread(self._read), time.time())
            except OSError as error:  # where the sums lie is gone, or cannot be read just now: this step stays empty
                logger.debug("The cache's counters cannot be read: %s", error)
