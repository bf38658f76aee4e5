"""How fast clients ask: at first as on a quiet day, so that a run also tells what an edit takes then; later faster."""

from __future__ import annotations

import asyncio
import time
from typing import Final

# Seconds that a reader rests after an answer while it is quiet: six of them ask some hundred things a second.
QUIET_REST_S: Final = 0.05


class Pace:
    """One for all clients of the process; the quiet time begins with it."""

    def __init__(self, rest_s: float, quiet_s: float) -> None:
        self._rest_s = rest_s
        self._hurried_from = time.monotonic() + quiet_s

    async def rest(self, times: int = 1) -> None:
        """After an answer, so many times as long as the others."""
        quiet = time.monotonic() < self._hurried_from
        await asyncio.sleep(times * (QUIET_REST_S if quiet else self._rest_s))
