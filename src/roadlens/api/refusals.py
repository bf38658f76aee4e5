"""Sign-ins that were refused, noted in the log of changes, and no more of them than that can bear.

Anybody may send as many as they like, and the log keeps all that it is given. So each process notes some of a minute,
and beside the next one how many it has left out. Names that were typed are not noted: people type passwords there.
"""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum
from time import monotonic
from typing import Final

from roadlens.api.origin import Origin
from roadlens.storage.database import Database
from roadlens.storage.writes import audit

_WINDOW_S: Final = 60.0

UNKNOWN: Final = "unknown"


class Refused(StrEnum):
    """Why. The client is not told which."""

    WRONG = "sign in failed"
    THROTTLED = "sign in throttled"


# Of one process and a minute. Who guesses is throttled soon, and then it is enough to know that it goes on.
MOST: Final = {Refused.WRONG: 60, Refused.THROTTLED: 10}


class Refusals:
    """Notes refused sign-ins of this process."""

    def __init__(self) -> None:
        self._begun: dict[Refused, float] = {}
        self._noted: defaultdict[Refused, int] = defaultdict(int)
        self._left_out: defaultdict[Refused, int] = defaultdict(int)

    async def note(self, database: Database, origin: Origin, refused: Refused, user_id: int | None) -> None:
        """Note that somebody was refused who gave that user's name; None: nobody's.

        Raises:
            DatabaseUnavailable: the database is away.
        """
        now = monotonic()
        if now - self._begun.get(refused, -_WINDOW_S) >= _WINDOW_S:
            self._begun[refused], self._noted[refused] = now, 0
        if self._noted[refused] >= MOST[refused]:
            self._left_out[refused] += 1
            return
        self._noted[refused] += 1
        left_out, self._left_out[refused] = self._left_out[refused], 0
        whose = UNKNOWN if user_id is None else str(user_id)
        more = {"left_out_before": left_out} if left_out else None
        async with database.write() as session:
            await audit.record(session, origin.named(audit.NOBODY), refused, "user", whose, None, more)
