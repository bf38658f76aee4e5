"""Reads the numbers of a stored score version, and says in plain words what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from roadlens.errors import SetupError

Classes = tuple[tuple[str, tuple[tuple[str, float], ...]], ...]


def read_numbers(stored: Mapping[str, Any], names: Iterable[str], optional: Collection[str]) -> dict[str, float]:
    """The values of these names; those that may be missing, and are, are left out.

    Raises:
        SetupError: one is missing, or is no number.
    """
    numbers = {}
    for name in names:
        if name in stored:
            numbers[name] = _number(name, stored[name])
        elif name not in optional:
            raise SetupError(
                f"The score version lacks {name!r}, which its formula needs: correct it, or activate another one."
            )
    return numbers


def read_classes(stored: Any, allowed: Collection[str]) -> Classes:
    """What classes of vehicles have of their own: names in lower case, in order.

    Raises:
        SetupError: it has not the form `{"truck": {"gps_braking_ms2": 2.5}}`, or names what no class can have.
    """
    if not isinstance(stored, Mapping) or not all(isinstance(own, Mapping) for own in stored.values()):
        raise SetupError(
            'The score version\'s "classes" must be like {"truck": {"gps_braking_ms2": 2.5}}: correct the version.'
        )
    for category, own in stored.items():
        if category != category.strip().lower() or not category:
            raise SetupError(f"The score version's class {category!r} must be in lower case, without spaces around it.")
        if unknown := sorted(set(own) - set(allowed)):
            raise SetupError(
                f"The score version's class {category!r} has {unknown[0]!r}, which holds for all classes alike. "
                f"A class can have: {', '.join(sorted(allowed))}."
            )
    return tuple(
        (category, tuple((name, _number(f"{category}.{name}", value)) for name, value in sorted(own.items())))
        for category, own in sorted(stored.items())
    )


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SetupError(f"The score version's {name!r} must be a number, not {value!r}: correct the version.")
    return float(value)
