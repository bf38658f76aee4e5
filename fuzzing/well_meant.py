"""What somebody sends who means well: ids that exist and bodies as they should be, which get behind every check.

Odd values alone hardly ever do: one bad field of twelve, or one id that has gone, and nothing is edited.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from hypothesis import strategies as st

from fuzzing import texts
from fuzzing.document import Operation
from fuzzing.parameters import NoStrategy
from roadlens.domain import EventState
from tests.support.installation import ADMIN_PASSWORD

Values = st.SearchStrategy[Any]

_EARLY: Final = st.dates(date(2020, 1, 1), date(2026, 1, 1)).map("{}T07:30:00Z".format)
_LATE: Final = st.dates(date(2027, 1, 1), date(2099, 1, 1)).map("{}T16:30:00Z".format)
_NAMES: Final = st.sampled_from(["Ada", "O'Neill", "Di_%", "שלום", "é", "e\u0301", "Van 7", "😀", "a" * 60])

_IDS: Final[Mapping[str, Values]] = {
    "driver_id": texts.existing("driver"),
    "vehicle_id": texts.existing("vehicle"),
    "unique_id": texts.existing("device"),
    "trip_id": texts.existing("trip"),
    "event_id": texts.existing("event"),
    "user_id": texts.existing("user"),
    "assignment_id": texts.existing("assignment"),
    "version": st.just("1"),
}
_OF_QUERIES: Final[Mapping[str, Values]] = {
    "after": st.just(f"{texts.MARK}cursor/own"),
    "from": _EARLY,
    "to": _LATE,
    "search": st.sampled_from(["Ada", "di_%", "STOCK-00", "van", "é"]),
    "pattern": st.sampled_from(["*", "*drivers*", "[a-z]*"]),
    "entity": st.sampled_from(["driver", "vehicle", "device", "user", "assignment", "review"]),
    "entity_id": st.one_of(texts.existing("driver"), texts.existing("user")),
    "actor": st.sampled_from(["fuzz-admin", "fuzz-viewer"]),
    "action": st.sampled_from(["create", "update", "delete"]),
}
_FIELDS: Final[Mapping[str, Values]] = {
    "username": texts.fresh("user {}"),
    "password": st.just(ADMIN_PASSWORD),
    "current": st.just(ADMIN_PASSWORD),
    "new": st.just(ADMIN_PASSWORD),
    "grant_type": st.just("password"),
    "email": st.one_of(texts.fresh("p{}@example.com"), st.none()),
    "role": st.sampled_from(["admin", "viewer"]),
    "active": st.booleans(),
    "first_name": _NAMES,
    "last_name": _NAMES,
    "name": _NAMES,
    "city": st.one_of(_NAMES, st.none()),
    "phone": st.one_of(st.integers(10, 99).map("+1 555 01{}".format), st.none()),
    "date_of_birth": st.one_of(st.dates(date(1930, 1, 1), date(1985, 1, 1)).map(str), st.none()),
    "years_licensed": st.one_of(st.integers(0, 25), st.none()),
    "licence_number": st.one_of(texts.fresh("S{:07}"), st.none()),
    "vin": st.one_of(texts.fresh("WVW{:014}"), st.none()),
    "plate": st.one_of(texts.fresh("8ABC{}"), st.none()),
    "model_year": st.one_of(st.integers(1990, 2026), st.none()),
    "driver_id": texts.existing("driver"),
    "vehicle_id": texts.existing("vehicle"),
    "unique_id": texts.fresh("new/{}"),
    "valid_from": st.one_of(_EARLY, st.none()),
    "valid_to": st.one_of(_LATE, st.none()),
    "event_ids": st.lists(texts.existing("event"), min_size=1, max_size=5),
    "note": st.one_of(_NAMES, st.none()),
}


def of_address(operation: Operation, name: str) -> Values:
    """An id that such a request can be about. What is edited for good is made for it.

    Raises:
        NoStrategy: nobody has said which of these exist.
    """
    if name == "user_id" and operation.method != "get":
        return texts.existing("bystander")
    if name == "vehicle_id" and operation.method == "delete":
        return texts.existing("idle-vehicle")
    if name == "unique_id" and operation.method == "post":
        return texts.existing("idle-device")
    if name not in _IDS:
        raise NoStrategy(operation.label, name)
    return _IDS[name]


def of_query(operation: Operation, parameter: Mapping[str, Any]) -> Values | None:
    """What such a parameter asks for; None for one that does not go with others."""
    name = parameter["name"]
    if name == "skip":
        return None
    if (known := _OF_QUERIES.get(name, _IDS.get(name))) is not None:
        return known
    kinds = list(operation.document.kinds(parameter["schema"]))
    choices = [str(choice) for kind in kinds for choice in kind.get("enum", [])]
    if choices:
        return st.sampled_from(choices)
    for kind in kinds:
        if kind.get("type") == "boolean":
            return st.sampled_from(["true", "false"])
        if kind.get("type") == "integer":
            return st.integers(kind.get("minimum", 0), kind.get("maximum", 1000)).map(str)
    return None


@st.composite
def body(draw: st.DrawFn, operation: Operation) -> Any:
    """The documented example with fields of ours; of a patch some of them."""
    fields, example = operation.body()
    made = dict(example) if isinstance(example, dict) else {}
    names = sorted(fields)
    if operation.method == "patch":
        names = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        made = {}
    for name in names:
        if (values := _of_field(operation, name)) is not None:
            made[name] = draw(values)
    return made


def _of_field(operation: Operation, name: str) -> Values | None:
    path = operation.path
    if name == "state":
        return st.sampled_from([str(state) for state in EventState]) if "/events" in path else st.just("CA")
    if name == "confirm":
        return st.just(f"{texts.MARK}{'name-of/user_id' if '{user_id}' in path else 'same/driver_id'}")
    if name == "username" and "/auth/" in path:
        return st.sampled_from(["fuzz-admin", "FUZZ-VIEWER"])
    if path.endswith(f"/{name.removesuffix('_id')}s"):
        return st.one_of(texts.fresh("NEW-{}"), st.none())  # of what is made
    return _FIELDS.get(name)
