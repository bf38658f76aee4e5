"""What was driven above the limit in a safety event, the same wherever an event is shown."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from roadlens.api.schemas.answer import kilometres

AboveLimitKm = Annotated[
    float | None,
    Field(
        description="What was driven above the limit and its tolerance in it. The trip's `speeding_km` is without it "
        "while the event is dismissed. Null for other types, and where nobody has looked."
    ),
]
AboveLimitS = Annotated[int | None, Field(description="How long that took; null where it is not known.")]


def kilometres_if_known(metres: int | None) -> float | None:
    return None if metres is None else kilometres(metres)
