"""How many of what, in words."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 trip`, `1,250 trips`; `many` is for what has not simply an s when there are more."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
