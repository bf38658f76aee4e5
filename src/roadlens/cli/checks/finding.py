"""What a check finds, and how much that matters. Knows nothing of what is checked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Attributes:
        check: the part that was looked at.
        level: an `error` makes answers wrong or loses something; a `warning` may, or costs time.
        what: what was found.
        why: why that matters.
        do: what to do about it.
    """

    check: str
    level: Literal["error", "warning"]
    what: str
    why: str
    do: str

    def __str__(self) -> str:
        return f"{self.level}: {self.check}: {self.what}\n  why: {self.why}\n  do:  {self.do}"

    def as_dict(self) -> dict[str, str]:
        return asdict(self)
