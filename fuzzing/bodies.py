"""What stands in the bodies of edits and sign-ins: the documented example, some of its fields replaced."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from fuzzing import texts
from fuzzing.document import Operation
from fuzzing.positions import BY_PATH
from tests.support.installation import ADMIN_PASSWORD

Values = st.SearchStrategy[Any]

_IDENTIFIERS = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=6)
_NUMBERS: Values = st.one_of(
    st.integers(-5, 130), st.sampled_from([0, -1, 1.5, 2**31, 2**63, 2**64, 10**400, 1e308, True, "7"])
)
_ANYTHING: Values = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, texts.WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)

# Mostly acceptable: what is not comes from `_ANYTHING`.
BY_FIELD: Final[Mapping[str, Values]] = {
    "driver_id": st.one_of(texts.existing("driver"), _IDENTIFIERS.map("NEW-{}".format), texts.DRIVERS),
    "vehicle_id": st.one_of(texts.existing("vehicle"), _IDENTIFIERS.map("NEW-{}".format), texts.VEHICLES),
    "unique_id": st.one_of(texts.existing("device"), _IDENTIFIERS.map("new/{}".format), texts.DEVICES),
    "username": st.one_of(
        _IDENTIFIERS.map("user {}".format), st.sampled_from(["fuzz-admin", "FUZZ-VIEWER"]), texts.WORDS
    ),
    "password": st.one_of(st.just(ADMIN_PASSWORD), texts.WORDS),
    "current": st.one_of(st.just(ADMIN_PASSWORD), texts.WORDS),
    "new": st.one_of(st.just(ADMIN_PASSWORD), texts.WORDS),
    "email": st.one_of(_IDENTIFIERS.map("{}@example.com".format), st.emails(), st.none()),
    "date_of_birth": texts.DAYS,
    "licence_number": st.one_of(_IDENTIFIERS, st.none()),
    "vin": st.sampled_from(["1M8GDM9AXKP042788", "1M8GDM9A0KP042788", "WVWZZZ1KZ6W000001", "11111111111111111", None]),
    "model_year": st.integers(1890, 2040),
    "years_licensed": st.integers(-1, 100),
    "valid_from": st.one_of(texts.MOMENTS, st.none()),
    "valid_to": st.one_of(texts.MOMENTS, st.none()),
    "role": st.sampled_from(["admin", "viewer"]),
    "active": st.booleans(),
    "event_ids": st.lists(st.one_of(texts.existing("event"), texts.UUIDS, texts.WORDS), max_size=4),
    "confirm": st.one_of(st.just(f"{texts.MARK}same/driver_id"), texts.existing("driver"), texts.WORDS),
}


def bodies(operation: Operation) -> Values | None:
    """Bodies of our own for an operation; None if it takes none."""
    if operation.path in BY_PATH:
        return BY_PATH[operation.path]
    fields, example = operation.body()
    if not fields:
        return None
    return _edited(fields, example if isinstance(example, dict) else {})


@st.composite
def _edited(draw: st.DrawFn, fields: Mapping[str, Any], example: Mapping[str, Any]) -> Any:
    if draw(st.integers(0, 29)) == 0:
        return draw(_ANYTHING)
    body = dict(example)
    for name in sorted(set(fields) & set(BY_FIELD)):
        # What must be unique is nearly always another value than the example's.
        if draw(st.integers(0, 3)):
            body[name] = draw(BY_FIELD[name])
    for name in draw(st.lists(st.sampled_from(sorted(fields)), max_size=2)):
        body[name] = draw(st.one_of(BY_FIELD.get(name, texts.WORDS), _ANYTHING))
    if draw(st.integers(0, 9)) == 0 and body:
        del body[draw(st.sampled_from(sorted(body)))]
    if draw(st.integers(0, 19)) == 0:
        body[draw(st.text(max_size=8))] = draw(_ANYTHING)
    return body
