"""Answers as lines of CSV (RFC 4180): what a column is called, how a value is spelled, and that no text is a formula.

Knows nothing of where answers come from and of how lines are sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from operator import attrgetter
from types import NoneType
from typing import Any, Final, Generic, TypeVar, get_args
from uuid import UUID

import msgspec

from roadlens.api.schemas.answer import Answer

R = TypeVar("R")

LINE_END: Final = "\r\n"

# With what a formula may begin (OWASP, "CSV Injection"), wide forms included. A cell begins with its first sign. In
# countries with decimal commas a spreadsheet parts cells at semicolons, and quotation marks amid such a cell mean
# nothing to it: there one begins behind semicolons, tabs and line ends as well.
_BEGINS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA: Final = re.compile(rf"^(?=[\t\r\n{_BEGINS}])|(?<=[;\t\r\n])(?=[{_BEGINS}])")
_TO_QUOTE: Final = re.compile("[\",;'\t\r\n]")


class Sheet(Generic[R]):
    """The columns of a kind of answer: a field that is an answer itself has one for each of its own, `vehicle.name`."""

    def __init__(self, kind: type[Answer], shown: Callable[[R], Answer]) -> None:
        """`shown` makes such an answer of a row."""
        columns = list(_columns(kind, ()))
        self.headings = [".".join(path) for path in columns]
        self._readers = [_reader(path) for path in columns]
        self._shown = shown

    def head(self) -> str:
        """The line of headings."""
        return ",".join(self.headings) + LINE_END

    def lines(self, rows: Iterable[R]) -> str:
        """A line for each row."""
        readers, answers = self._readers, map(self._shown, rows)
        return "".join([",".join([_cell(read(each)) for read in readers]) + LINE_END for each in answers])


def _columns(kind: type[Answer], before: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    for name, field in kind.model_fields.items():
        within = [each for each in (field.annotation, *get_args(field.annotation)) if _is_answer(each)]
        if within:
            yield from _columns(within[0], (*before, name))
        else:
            yield (*before, name)


def _is_answer(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Answer)


def _reader(path: tuple[str, ...]) -> Callable[[Answer], object]:
    if len(path) == 1:
        return attrgetter(path[0])

    def read(answer: Any) -> object:
        for name in path:
            if answer is None:
                return None
            answer = getattr(answer, name)
        return answer

    return read


def _cell(value: object) -> str:
    spell = _SPELLED.get(type(value))
    if spell is not None:
        return spell(value)
    # What is left are the domain's own words, which are strings, and what has a shape of its own.
    return _text(str(value) if isinstance(value, str) else msgspec.json.encode(value).decode())


def harmless(text: str) -> str:
    """Text that no spreadsheet runs, for a cell of whoever quotes what needs it."""
    return _FORMULA.sub("'", text) if text else text


def _text(text: str) -> str:
    """A cell of text. Numbers never come by here, and stay numbers."""
    safe = harmless(text)
    return '"{}"'.format(safe.replace('"', '""')) if _TO_QUOTE.search(safe) else safe


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


# As JSON spells them.
_SPELLED: Final[dict[type, Callable[[Any], str]]] = {
    NoneType: lambda _: "",
    str: _text,
    int: str,
    float: repr,
    bool: lambda value: "true" if value else "false",
    datetime: _moment,
    date: date.isoformat,
    UUID: str,
}
