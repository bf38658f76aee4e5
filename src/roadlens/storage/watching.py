"""Tells those that watch of each statement that one pool runs: how long it took, or how it failed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Engine, ExceptionContext, event

from roadlens.storage.failures import Failure, kind_of

StatementObserver = Callable[[str, float], None]
FailureObserver = Callable[[Failure], None]


class Watching:
    """Attributes:
    statements: are told of each that was run, with its seconds.
    failures: are told of each statement, and each attempt to connect, that failed.
    """

    def __init__(self, engine: Engine) -> None:
        self.statements: list[StatementObserver] = []
        self.failures: list[FailureObserver] = []
        event.listen(engine, "before_cursor_execute", self._started)
        event.listen(engine, "after_cursor_execute", self._ended)
        event.listen(engine, "handle_error", self._failed)

    @contextmanager
    def copying(self, statement: str) -> Iterator[None]:
        """The block runs a statement that SQLAlchemy does not see."""
        began = time.perf_counter()
        try:
            yield
        except psycopg.Error as error:
            self._tell(error)
            raise
        for observer in self.statements:
            observer(statement, time.perf_counter() - began)

    def _started(
        self, _connection: Any, _cursor: Any, _statement: str, _params: Any, context: Any, _many: bool
    ) -> None:
        context._roadlens_started = time.perf_counter()

    def _ended(self, _connection: Any, _cursor: Any, statement: str, _params: Any, context: Any, _many: bool) -> None:
        for observer in self.statements:
            observer(statement, time.perf_counter() - context._roadlens_started)

    def _failed(self, context: ExceptionContext) -> None:
        self._tell(context.original_exception)

    def _tell(self, error: BaseException) -> None:
        for observer in self.failures:
            observer(kind_of(error))
