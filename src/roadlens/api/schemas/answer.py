"""What all answers have in common: they are read from typed rows, never change, and carry an example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from roadlens.api.fields import refusal

_DAY: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)

    @classmethod
    def kinds(cls) -> Iterator[type[Answer]]:
        """Every class of answers there is."""
        for kind in cls.__subclasses__():
            yield kind
            yield from kind.kinds()


def example(value: Any) -> ConfigDict:
    """Configuration of a model with this example."""
    return ConfigDict(json_schema_extra={"examples": [value]})


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    return text


def _as_float(number: object) -> object:
    return float(number) if isinstance(number, Decimal) else number


def _written(moment: object) -> object:
    """Whether a bare number counts seconds or milliseconds would be a guess."""
    if isinstance(moment, int | float) or (isinstance(moment, str) and not _DAY.match(moment)):
        raise refusal("Is not a time. Write ISO 8601, such as 2026-03-01T08:00:00Z.")
    return moment


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# A time that is sent without an offset is UTC.
Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_aware)]


class _SaysWithoutNul:
    """Says the same to those who read the API's description, beside what the type says already."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"pattern": r"^[^\x00]*$"} | handler(schema)


# Text that PostgreSQL can hold.
Text = Annotated[str, AfterValidator(_without_nul), _SaysWithoutNul]

# 0-100 with two decimals.
Score = Annotated[float, BeforeValidator(_as_float), Field(ge=0, le=100)]

Next = Annotated[
    str | None,
    Field(description="Send it as `after` for the next page; null on the last one. Opaque: do not build it."),
]

Version = Annotated[
    int,
    Field(
        description='How often it was edited. Send `If-Match: "7"` with an edit: 412 if somebody was there before you.'
    ),
]


def kilometres(metres: int) -> float:
    return metres / 1000
