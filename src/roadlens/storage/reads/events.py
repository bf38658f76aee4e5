"""Safety events: the keyset list, newest first, with its filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any
from uuid import UUID

from roadlens.domain import EventSource, EventState, EventType
from roadlens.storage.cursor import Batches, batches
from roadlens.storage.database import ReadSession
from roadlens.storage.reads.id_spans import IdSpan

# Names are looked up row by row: in a join the planner might sort a file of millions of events.
_LISTED = """
event_id, trip_id, driver_id, event_type, source, occurred_at, nullif(severity, 'NaN') AS severity, confidence, state,
(SELECT concat_ws(' ', nullif(first_name, ''), nullif(last_name, '')) FROM drivers
 WHERE drivers.driver_id = event.driver_id) AS driver_name
"""

# Newest first, and as far as need be: all events, or those of one driver.
_WALK = """
SELECT event_id FROM (SELECT * FROM safety_events WHERE {} ORDER BY event_id DESC OFFSET 0) AS walked
WHERE {} LIMIT :limit
"""

# The columns of a kind, and how one is compared with a word of the domain's.
_KIND = ("event_type", "source", "state")
_IS = "{} = '{}'"

# Kinds can be rare, and a walk along all events until there are enough of one could be long. There are but 40 kinds,
# and in an index the newest of each lie together.
_OF_KINDS = """
SELECT newest.event_id
FROM unnest(cast(:types AS text[])) AS wanted_type, unnest(cast(:sources AS text[])) AS wanted_source,
    unnest(cast(:states AS text[])) AS wanted_state,
    LATERAL (
        SELECT event_id FROM safety_events
        WHERE event_type = wanted_type AND source = wanted_source AND state = wanted_state{}
        ORDER BY event_id DESC LIMIT :limit
    ) AS newest
ORDER BY event_id DESC LIMIT :limit
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Each that is not None must be met."""

    driver_id: str | None = None
    source: EventSource | None = None
    event_type: EventType | None = None
    state: EventState | None = None

    @property
    def has_kind(self) -> bool:
        return bool(self.event_type or self.source or self.state)

    def params(self) -> dict[str, str]:
        wanted = {
            "driver_id": self.driver_id,
            "event_type": self.event_type,
            "source": self.source,
            "state": self.state,
        }
        return {name: str(value) for name, value in wanted.items() if value is not None}

    def kinds(self) -> dict[str, list[str]]:
        """What is wanted of each column of a kind: all there is, where nothing is said."""
        return {
            "types": [str(kind) for kind in ([self.event_type] if self.event_type else EventType)],
            "sources": [str(source) for source in ([self.source] if self.source else EventSource)],
            "states": [str(state) for state in ([self.state] if self.state else EventState)],
        }


@dataclass(frozen=True, slots=True)
class EventListed:
    """Severity in m/s², or for speeding in km/h over the limit; None where nobody measured it."""

    event_id: UUID
    trip_id: UUID
    driver_id: str
    event_type: str
    source: str
    occurred_at: datetime
    severity: float | None
    confidence: float
    state: str
    driver_name: str


async def page(session: ReadSession, *, wanted: EventFilter, span: IdSpan, limit: int) -> list[EventListed]:
    """Events, newest first."""
    bounds = span.conditions("event_id")
    params: dict[str, Any] = {"limit": limit, **span.params()}
    if wanted.has_kind and wanted.driver_id is None:
        found = _OF_KINDS.format("".join(f" AND {bound}" for bound in bounds))
        params |= wanted.kinds()
    else:
        driver = ["driver_id = :driver_id"] if wanted.driver_id is not None else []
        kind = [f"{name} = :{name}" for name in wanted.params() if name != "driver_id"]
        found = _WALK.format(_all([*driver, *bounds]), _all(kind))
        params |= wanted.params()
    return await session.rows(
        f"SELECT {_LISTED} FROM ({found}) AS found JOIN safety_events AS event USING (event_id) ORDER BY event_id DESC",
        EventListed,
        params,
    )


def every(session: ReadSession, *, wanted: EventFilter, span: IdSpan) -> Batches[EventListed]:
    """As `page`, all of them."""
    bounds, params = span.conditions("event_id"), {**wanted.params(), **span.params()}
    if wanted.has_kind and wanted.driver_id is None:
        found = f"({_each_kind(wanted, bounds)}) AS event"
    else:
        found = f"safety_events AS event WHERE {_all([*(f'{name} = :{name}' for name in wanted.params()), *bounds])}"
    statement = f"SELECT {_LISTED} FROM {found} ORDER BY event_id DESC"
    return batches(session, statement, EventListed, params)


def _each_kind(wanted: EventFilter, bounds: list[str]) -> str:
    """The events of each kind that is wanted: those of one lie in order, so that all are merged as they are read."""
    kinds = product(*wanted.kinds().values())
    return " UNION ALL ".join(
        f"SELECT * FROM safety_events WHERE {_all([*map(_IS.format, _KIND, kind), *bounds])}" for kind in kinds
    )


def _all(conditions: list[str]) -> str:
    return " AND ".join(conditions) if conditions else "true"
