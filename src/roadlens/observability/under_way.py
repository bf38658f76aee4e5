"""What is being done just now: the request, delivery or command that statements and lines of the log belong to."""

from __future__ import annotations

from contextvars import ContextVar
from time import perf_counter
from typing import Protocol


class Span(Protocol):
    """A stretch of a trace, by the ids that others know it by: 32 and 16 hexadecimal digits."""

    trace_id: str
    span_id: str


class Work:
    """One thing that is done, and what it has taken by now.

    Attributes:
        id: of the request that asked for it; empty where none did.
        parent: what it is a part of, which is charged as well.
        statements: how many PostgreSQL has run for it.
        seconds: how long these took together.
        sql: each statement's text with its number and seconds; None where nobody wants to know.
        span: None where nothing is traced.
        user: the number of whoever asks, once that is known.
    """

    __slots__ = ("began", "id", "parent", "seconds", "span", "sql", "statements", "user")

    def __init__(self, request: bytes = b"", parent: Work | None = None) -> None:
        self.id = request
        self.parent = parent
        self.statements = 0
        self.seconds = 0.0
        self.sql: dict[str, tuple[int, float]] | None = None
        self.span: Span | None = None
        self.user: int | None = None
        self.began = perf_counter()

    def ran(self, statement: str, seconds: float) -> None:
        """A statement has been run for it."""
        if self.sql is not None:
            times, took = self.sql.get(statement, (0, 0.0))
            self.sql[statement] = times + 1, took + seconds
        work: Work | None = self
        while work is not None:
            work.statements += 1
            work.seconds += seconds
            work = work.parent


# Tasks that are begun within it inherit it: what they run is charged to who began them.
current_work: ContextVar[Work | None] = ContextVar("current_work", default=None)
