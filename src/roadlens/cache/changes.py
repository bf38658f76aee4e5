"""What made answers stale lately, as this worker was told: for people. Nothing depends on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from roadlens.cache.policy import EVERYTHING, generation

# Changes that are remembered, and tags of each.
_MOST: Final = 50
_TAGS: Final = 10

CLEAR: Final = "clear"
EDIT: Final = "edit"
OTHER: Final = "other"

_GENERATIONS: Final = generation("")


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction raised.

    Attributes:
        cause: `clear`: an operator cleared; `edit`: rows of watched tables changed, whoever did it; `other`: the rest,
            such as a new schema, which makes everything stale.
        tables: the tags of the tables that changed.
        tags: the first of all tags; `more` is how many are left out.
    """

    at: datetime
    cause: str
    tables: tuple[str, ...]
    tags: tuple[str, ...]
    more: int


class Changes:
    """The last ones."""

    def __init__(self) -> None:
        self._last: deque[Change] = deque(maxlen=_MOST)

    def heard(self, tags: Sequence[str]) -> None:
        """A transaction that raised these tags has been committed."""
        # The tag of one row, of a bulk or of a prefix names it behind a colon; what has none is a table's.
        tables = tuple(sorted(tag for tag in tags if ":" not in tag and tag != EVERYTHING))
        cleared = any(tag.startswith(_GENERATIONS) for tag in tags)
        cause = CLEAR if cleared else EDIT if tables else OTHER
        shown = tuple(sorted(tags)[:_TAGS])
        self._last.appendleft(Change(datetime.now(UTC), cause, tables, shown, len(tags) - len(shown)))

    def last(self) -> list[Change]:
        """The newest first."""
        return list(self._last)
