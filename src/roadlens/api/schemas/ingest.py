"""What senders of positions are told."""

from __future__ import annotations

from pydantic import Field

from roadlens.api.schemas.answer import Answer, example


class Taken(Answer):
    """One position: stored, or of no use and so acknowledged that nobody sends it again."""

    model_config = example({"stored": 1, "ignored": 0, "detail": None})

    stored: int = Field(description="1 once it is committed, also when it had been before.")
    ignored: int = Field(
        description="1 for what is well-formed and of no use: no valid fix, another kind of event, too old to be kept."
    )
    detail: str | None = Field(default=None, description="Why it was ignored.")


class Dropped(Answer):
    index: int = Field(description="Which of the batch's positions, from 0; of lines, empty ones do not count.")
    reason: str = Field(description="The kind of mistake; programs compare this.")
    detail: str = Field(description="What is wrong with it, for people.")


class BatchTaken(Answer):
    model_config = example(
        {
            "kept": 118,
            "duplicates": 1,
            "dropped": 1,
            "errors": [
                {
                    "index": 7,
                    "reason": "impossible coordinates",
                    "detail": "latitude 141.2, longitude -96: must be within ±90 and ±180 degrees",
                }
            ],
        }
    )

    kept: int = Field(description="Positions that are new, and committed.")
    duplicates: int = Field(description="Positions that had been stored before.")
    dropped: int = Field(description="Positions that were not stored because something is wrong with them.")
    errors: list[Dropped] = Field(description="The first 100 of those that were dropped, by index.")
