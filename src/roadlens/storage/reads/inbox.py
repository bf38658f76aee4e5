"""How many events are in which state of review, by type, at any number of events.

All that count are in `trip_day`. People decide about few, and those lie together in an index: they are counted there.
What is in no other state needs a review.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from roadlens.domain import EVENT_TYPES, EventSource, EventState, EventType
from roadlens.storage.database import ReadSession

_DECIDED: Final = tuple(state for state in EventState if state is not EventState.NEEDS_REVIEW)

_COUNTING = f"SELECT {', '.join(f'coalesce(sum({kind}), 0)::bigint' for kind in EVENT_TYPES)} FROM trip_day"

_OF_DECIDED = """
SELECT wanted_type, wanted_state, sum(events)::bigint
FROM unnest(cast(:types AS text[])) AS wanted_type, unnest(cast(:sources AS text[])) AS wanted_source,
    unnest(cast(:states AS text[])) AS wanted_state,
    LATERAL (
        SELECT count(*) AS events FROM safety_events
        WHERE event_type = wanted_type AND source = wanted_source AND state = wanted_state
    ) AS counted
GROUP BY wanted_type, wanted_state
"""

_OF_DRIVER = "SELECT event_type, state, count(*) FROM safety_events WHERE driver_id = :driver_id GROUP BY 1, 2"

# Events by state and type.
Counts = Counter[tuple[EventState, EventType]]


async def counts(session: ReadSession) -> Counts:
    """All events."""
    ((*counting,),) = await session.tuples(_COUNTING)
    params = {"types": list(EventType), "sources": list(EventSource), "states": list(_DECIDED)}
    found: Counts = Counter()
    for kind, state, number in await session.tuples(_OF_DECIDED, params):
        found[EventState(state), EventType(kind)] = number
    for kind, number in zip(EVENT_TYPES, counting, strict=True):
        others = sum(found[state, kind] for state in _DECIDED if state is not EventState.DISMISSED)
        found[EventState.NEEDS_REVIEW, kind] = number - others
    return found


async def counts_of_driver(session: ReadSession, driver_id: str) -> Counts:
    """Those of one driver."""
    found = await session.tuples(_OF_DRIVER, {"driver_id": driver_id})
    return Counter({(EventState(state), EventType(kind)): number for kind, state, number in found})
