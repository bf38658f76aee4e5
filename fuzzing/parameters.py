"""Which values go where: every parameter of the API by its name. One that stands nowhere here stops the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

from fuzzing import texts
from fuzzing.document import Operation
from fuzzing.texts import Texts

# In addresses and queries. Two with the same name mean the same.
BY_NAME: Final[Mapping[str, Texts]] = {
    "driver_id": texts.DRIVERS,
    "vehicle_id": texts.VEHICLES,
    "unique_id": texts.DEVICES,
    "trip_id": texts.TRIPS,
    "event_id": texts.EVENTS,
    "user_id": texts.USERS,
    "assignment_id": texts.ASSIGNMENTS,
    "version": st.one_of(st.sampled_from(["1", "2"]), texts.WHOLE),
    "entity": st.one_of(
        st.sampled_from(["driver", "vehicle", "device", "user", "cache", "assignment", "review"]), texts.WORDS
    ),
    "entity_id": st.one_of(texts.DRIVERS, texts.USERS),
    "actor": st.one_of(st.sampled_from(["fuzz-admin", "admin", "test"]), texts.WORDS),
    "action": st.one_of(st.sampled_from(["create", "update", "delete", "sign in"]), texts.WORDS),
    "after": texts.CURSORS,
    "from": texts.MOMENTS,
    "to": texts.MOMENTS,
    "search": texts.WORDS,
    "pattern": texts.PATTERNS,
}


class NoStrategy(Exception):
    """The API has a parameter for which nobody has said what to send."""

    def __init__(self, operation: str, name: str) -> None:
        super().__init__(
            f"{operation}: the parameter {name!r} is new. Say in fuzzing/parameters.py (BY_NAME) which values to send: "
            "ids that exist and ids that do not, times, words; and of an id in fuzzing/well_meant.py which exist."
        )


def strategy(operation: Operation, parameter: Mapping[str, Any]) -> Texts:
    """What to send as this parameter.

    Raises:
        NoStrategy: it is an id or a word that is not listed.
    """
    name = parameter["name"]
    if name in BY_NAME:
        return BY_NAME[name]
    kinds = list(operation.document.kinds(parameter["schema"]))
    choices = [str(choice) for kind in kinds for choice in kind.get("enum", [])]
    types = {kind.get("type") for kind in kinds} - {"null", None}
    if parameter["in"] == "query":
        if choices:
            return st.one_of(st.sampled_from(choices), st.sampled_from(choices), texts.ODD)
        if types == {"boolean"}:
            return texts.SWITCHES
        if types == {"integer"}:
            return texts.WHOLE
    raise NoStrategy(operation.label, name)
