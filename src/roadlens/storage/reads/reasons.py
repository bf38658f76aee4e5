"""Driver after driver, with what the reasons for the latest score are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from roadlens.storage.cursor import Batches
from roadlens.storage.database import ReadSession
from roadlens.storage.reads.behind import BEHIND_REASONS, TRIPS_BEHIND
from roadlens.storage.reads.driver_pages import DriverQuery, walk
from roadlens.storage.reads.risk import LATEST, ScoredWindow, window

_PERSON = ("driver_id", "first_name", "last_name", "email", "address", "city", "state", "zip_code")
_SCORED = (
    "risk_score", "risk_level", "day", "score_version", "distance_m", "factors", "parameters", "first_day",
    "first_moment", "exposure", "trips",
)  # fmt: skip
# To put a score into words takes many times as long as a line of a list, and holds up everybody else as well.
_BATCH: Final = 25
_COLUMNS = ", ".join([f"driver.{name}" for name in _PERSON] + [f"scored.{name}" for name in _SCORED])

_LATEST_SCORE = f"""
LEFT JOIN LATERAL (
WITH {LATEST}, {BEHIND_REASONS}
SELECT latest.*, (SELECT to_json(exposure) FROM exposure) AS exposure, {TRIPS_BEHIND} AS trips FROM latest
) AS scored ON true
"""


@dataclass(frozen=True, slots=True)
class DriverScored:
    """A driver's name and addresses, by column. `latest` is None for one who has not driven yet, and has no events."""

    person: dict[str, str | None]
    latest: ScoredWindow | None


def every(session: ReadSession, query: DriverQuery) -> Batches[DriverScored]:
    """All matches in the query's order, whichever page it asks for."""
    return walk(session, query, _COLUMNS, _LATEST_SCORE, _scored, size=_BATCH)


def _scored(**columns: Any) -> DriverScored:
    person = {name: columns.pop(name) for name in _PERSON}
    return DriverScored(person, None if columns["day"] is None else window(events=None, **columns))
