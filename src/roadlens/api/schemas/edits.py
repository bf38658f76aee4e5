"""What the bodies of edits have in common: they name only fields that exist, and a patch knows what it leaves out."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from roadlens.api.schemas.answer import Answer


class Body(Answer):
    """What a client sends. Unknown fields are refused, so that a mistyped one is not lost in silence."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """The fields that were sent: what a merge patch (RFC 7396) changes."""
        return self.model_dump(exclude_unset=True)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


def absent(**bounds: Any) -> Any:
    """The default of a patch's field that may be left out and may not be null."""
    return Field(default=None, json_schema_extra=_without_default, **bounds)
