"""The form of a line of the log: JSON for programs, text for people. One schema for all lines of all processes."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Mapping
from time import perf_counter
from typing import Any, Final, Protocol

import msgspec

from roadlens.observability.output import LONGEST
from roadlens.observability.under_way import Work, current_work
from roadlens.observability.wording import HIDDEN, Wording, clean

# For `extra` of a logger's call: further fields of the line.
FIELDS: Final = "fields"

ACCESS: Final = "roadlens.access"

# Left of what is put in the middle of a long text.
_SHORTEST: Final = 64


class Line(msgspec.Struct, omit_defaults=True, kw_only=True):
    """All fields that a line may have, in their order. docs/logging.md says what each means."""

    time: str
    level: str
    logger: str
    message: str
    process: str = ""
    pid: int = 0
    request_id: str = ""
    trace_id: str = ""
    span_id: str = ""
    method: str = ""
    route: str | None = None
    endpoint: str = ""
    status: int | None = None
    ms: float | None = None
    bytes: int | None = None
    user_id: int | None = None
    client: str = ""
    cache: str = ""
    statements: int | None = None
    statement_ms: float | None = None
    sql: str = ""
    count: int = 0
    n_plus_1: bool = False
    exception: str = ""


class Form(Protocol):
    """Makes the bytes of a line, with its newline."""

    def __call__(self, line: Line) -> bytes: ...


class Clock:
    """Writes moments as RFC 3339 has them, in UTC with milliseconds; the second is written once."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self, moment: float) -> str:
        second = int(moment)
        if second != self._second:
            self._second, self._text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._text}.{int(moment * 1000) % 1000:03d}Z"


class Records:
    """Lines of what loggers are told in this process."""

    def __init__(self, process: str, wording: Wording) -> None:
        self.process = process
        self.pid = os.getpid()
        self._wording = wording
        self.clock = Clock()

    def of(self, record: logging.LogRecord) -> Line:
        line = Line(
            time=self.clock(record.created),
            level=record.levelname.lower(),
            logger=clean(record.name),
            message=self._message(record),
            process=self.process,
            pid=self.pid,
            **_of(current_work.get()),
        )
        fields: Mapping[str, Any] = getattr(record, FIELDS, {})
        for name, value in fields.items():
            setattr(line, name, clean(value) if isinstance(value, str) else value)
        if record.exc_info and record.exc_info[1] is not None:
            line.exception = "\n".join(self._wording.trace(record.exc_info[1]))
        return line

    def behind(self, work: Work, level: str, what: str, endpoint: str) -> Line:
        """The line of what was computed behind an answer."""
        return Line(
            time=self.clock(time.time()),
            level=level,
            logger=ACCESS,
            message=f"{what} {endpoint}",
            process=self.process,
            pid=self.pid,
            endpoint=endpoint,
            ms=int((perf_counter() - work.began) * 1e6) / 1000,
            cache=what,
            statements=work.statements,
            statement_ms=int(work.seconds * 1e6) / 1000,
            **_of(work),
        )

    def notice(self, dropped: int) -> Line:
        message = f"{dropped} lines of this log were dropped: whoever reads it, or its disk, is too slow"
        fields: dict[str, Any] = {"message": message, "process": self.process, "pid": self.pid}
        return Line(time=Clock()(time.time()), level="warning", logger=__name__, **fields)

    def _message(self, record: logging.LogRecord) -> str:
        """Exceptions among the arguments are told without values. asyncio adds lines with whole objects: they go."""
        text = str(record.msg)
        if isinstance(record.args, Mapping):
            text %= {name: self._argument(found) for name, found in record.args.items()}
        elif record.args:
            text %= tuple(self._argument(found) for found in record.args)
        return self._wording.line(text.partition("\n")[0] if record.name == "asyncio" else text)

    def _argument(self, found: object) -> object:
        return _Told(self._wording.told(found)) if isinstance(found, BaseException) else found


class _Told(str):
    """Looks the same as `%s` and as `%r`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _of(work: Work | None) -> dict[str, Any]:
    """What a line belongs to."""
    if work is None:
        return {}
    span = work.span
    traced = {} if span is None else {"trace_id": span.trace_id, "span_id": span.span_id}
    return {"request_id": work.id.decode(), **traced}


_ENCODE: Final = msgspec.json.Encoder().encode
_TOO_LONG: Final = ("exception", "sql", "message")


def json(line: Line) -> bytes:
    """The line as one object."""
    data = _ENCODE(line) + b"\n"
    return data if len(data) <= LONGEST else _fitting(line, lambda: _ENCODE(line) + b"\n")


def text(line: Line) -> bytes:
    """The line for a person; what an exception tells stands in further lines, each further in."""
    return _fitting(line, lambda: _text(line).encode("utf-8", "backslashreplace"))


def _fitting(line: Line, form: Any) -> bytes:
    """No longer than what is written at once: the longest of its texts loses its middle."""
    data: bytes = form()
    while len(data) > LONGEST:
        longest = max(_TOO_LONG, key=lambda name: len(getattr(line, name)))
        words: str = getattr(line, longest)
        if len(words) <= _SHORTEST:
            break
        keep = max(_SHORTEST, len(words) * 2 // 3) // 2
        setattr(line, longest, f"{words[:keep]}{HIDDEN}{words[-keep + 2 :]}")
        data = form()
    return data


_AT_LINES: Final = re.compile("^", re.MULTILINE)


def _text(line: Line) -> str:
    process = f"{line.process}: " if line.process else ""
    request = f" [{line.request_id}]" if line.request_id else ""
    more = _access(line) if line.logger == ACCESS else f": {line.sql}" if line.sql else ""
    said = f"{line.time} {line.level.upper()} {process}{line.logger}{request}: {line.message}{more}\n"
    return f"{said}{_AT_LINES.sub('    ', line.exception)}\n" if line.exception else said


def _access(line: Line) -> str:
    size = "" if line.bytes is None else f", {line.bytes} bytes"
    user = "" if line.user_id is None else f", user {line.user_id}"
    client = f", from {line.client}" if line.client else ""
    sql = f"{line.statements} statements in {line.statement_ms} ms"
    return f", cache {line.cache}, {line.ms} ms, {sql}{size}{user}{client}"
