"""Writes down what is done: who asked, what it took, which statements ran for it, and its place in a trace.

Each thing that is done is a `Work`, which what it runs is charged to. What nobody wants to know costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, Literal

from roadlens.observability import statement_report
from roadlens.observability.log import Lines, begun
from roadlens.observability.tracing import Attributes, Kind, Tracer
from roadlens.observability.under_way import Work, current_work

Requests = Literal["all", "computed", "none"]

# The name of what surrounds the steps of a delivery.
DELIVERY: Final = "delivery"


class Journal:
    """The journal of one process.

    Attributes:
        lines: where requests are written to; None where nobody reads them.
        hits: whether a line is written for a hit too.
        tracer: None where nothing is traced.
        output: the way of all lines of this process.
        reports: whether more is made of a request than its line.
    """

    def __init__(
        self,
        lines: Lines | None = None,
        *,
        requests: Requests = "all",
        sql: bool = False,
        tracer: Tracer | None = None,
    ) -> None:
        """`sql`: report the statements of each thing that is done."""
        wanted = lines is not None and requests != "none" and lines.least <= logging.ERROR
        self.lines = lines if wanted else None
        self.output = None if lines is None else lines.output
        self.hits = requests == "all"
        self.tracer = tracer
        self._sql = sql
        self.reports = sql or tracer is not None

    @classmethod
    def of_process(cls, *, requests: Requests, sql: bool, tracer: Tracer | None) -> Journal:
        """Into the log of this process, if it has begun one."""
        return cls(begun(), requests=requests, sql=sql, tracer=tracer)

    def begin(self, request: bytes, name: str, asked: Mapping[bytes, bytes]) -> Work:
        """A request begins: what runs from now on in this context is charged to it. `asked` are its headers."""
        work = Work(request)
        if self._sql:
            work.sql = {}
        if self.tracer is not None:
            work.span = self.tracer.begin(name, Kind.SERVER, None, asked)
        current_work.set(work)
        return work

    def end(self, work: Work, name: str, attributes: Attributes, *, failed: bool = False) -> None:
        """What was begun has ended; `name` is what it has turned out to be."""
        if work.sql:
            statement_report.report(name, work.sql)
        if self.tracer is not None and work.span is not None:
            self.tracer.end(work.span, name, attributes, failed=failed)

    def statement(self, statement: str, seconds: float) -> None:
        """A statement was run just now, in the context of what it belongs to."""
        work = current_work.get()
        if work is None:
            return
        work.ran(statement, seconds)
        if self.tracer is not None and work.span is not None:
            self.tracer.statement(work.span, statement, seconds)

    def around(self, name: str) -> AbstractContextManager[object]:
        """A block in which a delivery, or one of its steps, is done."""
        if self.tracer is None and not self._sql:
            return nullcontext()
        return self.doing(name) if name == DELIVERY else self._step(name)

    @contextmanager
    def doing(self, name: str, attributes: Attributes | None = None) -> Iterator[Work]:
        """A block in which something is done that is reported by itself; what it is a part of is charged as well."""
        parent = current_work.get()
        work = Work(parent.id if parent else b"", parent)
        if self._sql:
            work.sql = {}
        if self.tracer is not None:
            work.span = self.tracer.begin(name, Kind.INTERNAL, parent.span if parent else None, {})
        token, failed = current_work.set(work), True
        try:
            yield work
            failed = False
        finally:
            current_work.reset(token)
            self.end(work, name, attributes or {}, failed=failed)

    @contextmanager
    def behind(self, what: str, endpoint: str) -> Iterator[Work]:
        """As `doing`, for what is done behind an answer: it bears the request's id, and the request is not charged."""
        asked, name = current_work.get(), f"{what} {endpoint}"
        work = Work(asked.id if asked else b"")
        if self._sql:
            work.sql = {}
        if self.tracer is not None:
            work.span = self.tracer.begin(name, Kind.INTERNAL, asked.span if asked else None, {})
        token, failed = current_work.set(work), True
        try:
            yield work
            failed = False
        finally:
            current_work.reset(token)
            self.end(work, name, {"roadlens.cache": what}, failed=failed)
            if self.lines is not None:
                self.lines.behind(work, what, endpoint, failed=failed)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        """A stretch of the trace; its statements are the delivery's."""
        work = current_work.get()
        if self.tracer is None or work is None or work.span is None:
            yield
            return
        whole = work.span
        work.span = step = self.tracer.begin(f"step {name}", Kind.INTERNAL, whole, {})
        failed = True
        try:
            yield
            failed = False
        finally:
            work.span = whole
            self.tracer.end(step, f"step {name}", {}, failed=failed)

    def close(self) -> None:
        """Send what is still to be sent."""
        if self.tracer is not None:
            self.tracer.close()
