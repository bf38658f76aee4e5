"""Bodies of those who report positions: forwards of devices that exist and of new ones, and what trackers garble."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from fuzzing import texts

_NUMBERS: st.SearchStrategy[Any] = st.one_of(
    st.floats(-200, 200),
    st.sampled_from([0, -0.0, 90, 90.0000001, 180, 1e9, 1e308, -1, 5e-324, 2**63, 10**400, None, "41.2", True, [], {}]),
)
_DEVICES = st.one_of(
    texts.existing("device"), st.sampled_from([f"device-{number}" for number in range(1, 9)]), texts.WORDS
)


def _since_morning(seconds: int) -> str:
    return (datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat()


_MOMENT = st.integers(0, 100_000).map(_since_morning)


@st.composite
def _moments(draw: st.DrawFn) -> Any:
    if draw(st.integers(0, 4)) == 0:
        return draw(st.one_of(texts.MOMENTS, _NUMBERS))
    return draw(_MOMENT)


_ATTRIBUTES = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional={
            "ignition": st.one_of(st.booleans(), st.just("on")),
            "alarm": st.one_of(
                st.sampled_from(["hardBraking", "hardBraking,overspeed", "sos", ",", "", 7]), texts.WORDS
            ),
            "hdop": _NUMBERS,
            "speedLimit": _NUMBERS,
            "a": st.recursive(st.booleans(), lambda inner: st.lists(inner, max_size=2), max_leaves=4),
        },
    ),
    texts.WORDS,
)


def _often(good: Any, other: st.SearchStrategy[Any] = _NUMBERS) -> st.SearchStrategy[Any]:
    """A good value, and now and then another one."""
    return st.integers(0, 5).flatmap(lambda die: other if die == 0 else good)


_POSITION = st.fixed_dictionaries(
    {
        "fixTime": _moments(),
        "latitude": _often(st.floats(40, 42)),
        "longitude": _often(st.floats(-97, -95)),
    },
    optional={
        "speed": _often(st.floats(0, 80)),
        "course": _often(st.floats(0, 360)),
        "valid": _often(st.just(True)),
        "attributes": _ATTRIBUTES,
    },
)
_FORWARD = st.fixed_dictionaries(
    {
        "position": _often(_POSITION),
        "device": _often(
            st.fixed_dictionaries({"uniqueId": _DEVICES}, optional={"name": texts.WORDS, "model": texts.WORDS})
        ),
    }
)
_EVENT = st.builds(
    lambda forward, event: {**forward, "event": event},
    _FORWARD,
    _often(
        st.fixed_dictionaries(
            {"type": st.sampled_from(["alarm", "deviceOnline", ""])}, optional={"attributes": _ATTRIBUTES}
        )
    ),
)
_REPORT = st.fixed_dictionaries(
    {
        "location": _often(
            st.fixed_dictionaries(
                {
                    "timestamp": _moments(),
                    "coords": st.fixed_dictionaries(
                        {"latitude": _often(st.floats(40, 42)), "longitude": _often(st.floats(-97, -95))},
                        optional={"speed": _NUMBERS, "heading": _NUMBERS, "accuracy": _NUMBERS},
                    ),
                },
                optional={"is_moving": st.booleans(), "extras": _ATTRIBUTES},
            )
        ),
        "device_id": _DEVICES,
    }
)

_SOUND_ATTRIBUTES = st.fixed_dictionaries({}, optional={"alarm": st.sampled_from(["hardBraking", "overspeed", "sos"])})
_SOUND_FORWARD = st.fixed_dictionaries(
    {
        "position": st.fixed_dictionaries(
            {"fixTime": _MOMENT, "latitude": st.floats(40, 42), "longitude": st.floats(-97, -95)},
            optional={"speed": st.floats(0, 80), "course": st.floats(0, 360), "attributes": _SOUND_ATTRIBUTES},
        ),
        "device": st.fixed_dictionaries({"uniqueId": texts.existing("device")}),
    }
)
_SOUND_EVENT = st.builds(
    lambda forward, attributes: {**forward, "event": {"type": "alarm", "attributes": attributes}},
    _SOUND_FORWARD,
    _SOUND_ATTRIBUTES,
)
_SOUND_REPORT = st.fixed_dictionaries(
    {
        "location": st.fixed_dictionaries(
            {
                "timestamp": _MOMENT,
                "coords": st.fixed_dictionaries({"latitude": st.floats(40, 42), "longitude": st.floats(-97, -95)}),
            }
        ),
        "device_id": texts.existing("device"),
    }
)

# As trackers send them.
SOUND_BY_PATH: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "/api/v1/ingest/traccar": _SOUND_FORWARD,
    "/api/v1/ingest/traccar/events": _SOUND_EVENT,
    "/api/v1/ingest/phone": _SOUND_REPORT,
    "/api/v1/ingest/positions": st.lists(_SOUND_FORWARD, min_size=1, max_size=6),
}
BY_PATH: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "/api/v1/ingest/traccar": _FORWARD,
    "/api/v1/ingest/traccar/events": _EVENT,
    "/api/v1/ingest/phone": _REPORT,
    "/api/v1/ingest/positions": _often(st.lists(_FORWARD, max_size=6), _FORWARD),
}
