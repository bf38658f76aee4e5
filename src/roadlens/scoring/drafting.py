"""Drafts a version of the scoring: values of an older one with changes, as words say them. Reads and writes nothing.

A version is a flat mapping of names to numbers, with what classes of vehicles have of their own under `classes`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from roadlens.errors import InvalidInput
from roadlens.scoring import bounds
from roadlens.scoring.parameters import DEFAULT, FORMULA, Parameters

Stored = Mapping[str, Any]

_CLASS: Final = re.compile(r"[a-z0-9][a-z0-9 _-]{0,39}")
# What a class has no longer of its own.
_REMOVED: Final = "-"


class Change(NamedTuple):
    """A value to be another one, for all vehicles or those of a class. None: the class has none of its own any more."""

    vehicle_class: str | None
    name: str
    value: float | None


class Differing(NamedTuple):
    """A value that two versions do not have in common; None where one has none."""

    vehicle_class: str | None
    name: str
    before: float | None
    after: float | None

    @property
    def words(self) -> str:
        """Such as `truck.gps_braking_ms2 2.2 → 1.8`."""
        name = self.name if self.vehicle_class is None else f"{self.vehicle_class}.{self.name}"
        return f"{name} {_shown(self.before)} → {_shown(self.after)}"


def parse(words: Iterable[str]) -> list[Change]:
    """What `NAME=VALUE`, `CLASS.NAME=VALUE` and `CLASS.NAME=-` mean.

    Raises:
        InvalidInput: a word is none of these, names nothing that there is, or names what cannot be changed.
    """
    return [_parsed(word) for word in words]


def starting_from(stored: Stored) -> dict[str, Any]:
    """The values that a draft begins with.

    Those of another formula mean something else: a draft from such a version begins with this release's own.
    """
    return dict(stored) if stored.get("formula") == FORMULA else DEFAULT.as_dict()


def changed(base: Stored, changes: Sequence[Change], before: Stored | None = None) -> dict[str, Any]:
    """The values with the changes.

    Args:
        base: what a draft begins with.
        changes: later ones win.
        before: the version that the draft is made from, if that is another one than the base.

    Raises:
        InvalidInput: a value cannot be, the weights do not add up to 100, or nothing differs from the base.
        SetupError: the base was not a whole version.
    """
    values = {name: value for name, value in base.items() if name != "classes"}
    classes = {name: dict(own) for name, own in (base.get("classes") or {}).items()}
    for vehicle_class, name, value in changes:
        of = values if vehicle_class is None else classes.setdefault(vehicle_class, {})
        if value is None:
            of.pop(name, None)
            continue
        bounds.check(name, value)
        of[name] = value
    made = values | {"classes": {name: own for name, own in sorted(classes.items()) if own}}
    _check_together(made)
    Parameters.from_dict(made)
    before = base if before is None else before
    if not any(differences(before, made)) and before.get("formula") == made.get("formula"):
        raise InvalidInput(
            "Nothing differs from the version that this one would be made from. Name what is to be another value, such "
            "as gps_braking_ms2=2.4; `roadlens score versions N` shows the values."
        )
    return made


def differences(before: Stored, after: Stored) -> Iterator[Differing]:
    """Every value that differs, in the order of the table, those of classes last."""
    for name in bounds.table():
        if _number(before, name) != _number(after, name):
            yield Differing(None, name, _number(before, name), _number(after, name))
    own_before, own_after = before.get("classes") or {}, after.get("classes") or {}
    for vehicle_class in sorted({*own_before, *own_after}):
        one, other = own_before.get(vehicle_class, {}), own_after.get(vehicle_class, {})
        for name in sorted({*one, *other}):
            if _number(one, name) != _number(other, name):
                yield Differing(vehicle_class, name, _number(one, name), _number(other, name))


def _parsed(word: str) -> Change:
    said, equals, value = word.partition("=")
    *vehicle_class, name = said.strip().rsplit(".", 1)
    if not equals or not name:
        raise InvalidInput(f"{word!r} is not a change: write NAME=VALUE or CLASS.NAME=VALUE.", field=word)
    _check_name(name)
    if not vehicle_class:
        return Change(None, name, _value(name, value))
    known = vehicle_class[0].strip().lower()
    if not _CLASS.fullmatch(known):
        raise InvalidInput(f"{vehicle_class[0]!r} is not a class of vehicles, such as truck or van.", field=word)
    if not bounds.of_classes(name):
        raise InvalidInput(
            f"{name} is one for all; a class has its own values of what an event is alone. Leave {known!r} away.",
            field=word,
        )
    return Change(known, name, None if value.strip() == _REMOVED else _value(name, value))


def _check_name(name: str) -> None:
    if name in bounds.CUTTING:
        raise InvalidInput(
            f"{name} says where trips begin and end, or how long they are, and a version of the scoring does not cut "
            "anew what has been driven: it stays as it is.",
            field=name,
        )
    if name not in bounds.table():
        near = difflib.get_close_matches(name, bounds.table(), n=1)
        said = f" Is it {near[0]}?" if near else ""
        raise InvalidInput(
            f"There is no value {name!r}.{said} `roadlens score versions N` shows what there is.", field=name
        )


def _value(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(f"{name} must be a number; {text!r} is not.", field=name) from None


def _check_together(values: Stored) -> None:
    weights = [values[name] for name in bounds.table() if bounds.weight(name)]
    total = round(sum(weights), 6)
    if total != 100:
        raise InvalidInput(
            f"The weights of the risk score must add up to 100, and these make {total:g}: change another risk_… by "
            f"{100 - total:+g} points."
        )


def _number(values: Stored, name: str) -> float | None:
    found = values.get(name)
    return None if found is None else float(found)


def _shown(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"
