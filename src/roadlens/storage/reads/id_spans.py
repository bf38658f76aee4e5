"""Spans of time-ordered ids: how a list over trips or events is bounded in time and continued after a page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class IdSpan:
    """Time-ordered ids from `first` until before `end`, and before `after`, where the last page ended."""

    first: UUID | None = None
    end: UUID | None = None
    after: UUID | None = None

    def conditions(self, column: str) -> list[str]:
        bounds = ((self.first, ">= :first"), (self.end, "< :end"), (self.after, "< :after"))
        return [f"{column} {comparison}" for bound, comparison in bounds if bound is not None]

    def params(self) -> dict[str, UUID]:
        return {
            name: bound
            for name, bound in (("first", self.first), ("end", self.end), ("after", self.after))
            if bound is not None
        }
