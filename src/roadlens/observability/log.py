"""Sets up what goes to the log, in which form, and from which process. What the lines look like is not known here."""

from __future__ import annotations

import atexit
import logging
import sys
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Literal

from roadlens.observability import lines
from roadlens.observability.lines import Line, Records
from roadlens.observability.output import Output
from roadlens.observability.under_way import Work
from roadlens.observability.wording import Wording

FormName = Literal["json", "text"]

_CHATTY = ("alembic", "uvicorn")

logger = logging.getLogger(__name__)


class Lines(logging.Handler):
    """What loggers are told, as lines of one form to one file descriptor.

    Attributes:
        form: how a line is written.
        records: what makes lines of what loggers are told.
        output: where they go.
        least: the least important level that is written.
    """

    def __init__(self, name: FormName, records: Records, descriptor: int, least: int) -> None:
        super().__init__()
        self.is_json = name == "json"
        self.form = lines.json if self.is_json else lines.text
        self.records = records
        self.output = Output(descriptor, lambda dropped: self.form(records.notice(dropped)))
        self.least = least

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.records.of(record)
        except Exception as error:  # noqa: BLE001 - a log that cannot say something must not stop what says it
            wrong = f"{type(error).__name__} in {record.pathname.rpartition('/')[2]}:{record.lineno}: cannot be written"
            line = Line(time=self.records.clock(record.created), level="error", logger=__name__, message=wrong)
        self.output.write(self.form(line))

    def behind(self, work: Work, what: str, endpoint: str, *, failed: bool) -> None:
        """A line for what was computed behind an answer."""
        level = logging.WARNING if failed else logging.INFO
        if level >= self.least:
            line = self.records.behind(work, logging.getLevelName(level).lower(), what, endpoint)
            self.output.write(self.form(line))


def begin(
    level: str, process: str, *, form: FormName | None = None, secrets: Iterable[str] = (), serves: bool = False
) -> None:
    """Log to stderr what is at least that important. Where something logs already, nothing is changed.

    Args:
        level: of `logging`, in small letters.
        process: what this process is, in each line.
        form: None is text on a terminal and for commands, and JSON for a server whose log goes elsewhere.
        secrets: what never stands in a line.
        serves: whether this is a server, or one of its processes.
    """
    root = logging.getLogger()
    if root.handlers:
        return
    least = logging.getLevelNamesMapping()[level.upper()]
    if form is None:
        form = "json" if serves and not sys.stderr.isatty() else "text"
    handler = Lines(form, Records(process, Wording(secrets)), sys.stderr.fileno(), least)
    atexit.register(handler.output.close)
    root.addHandler(handler)
    root.setLevel(least)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(least, logging.WARNING))
    logging.captureWarnings(True)
    # Whatever Python would print by itself is a line like all others.
    sys.excepthook, sys.unraisablehook, threading.excepthook = _uncaught, _unraisable, _uncaught_in_thread


def begun() -> Lines | None:
    """The handler of this process, once it logs."""
    return next((handler for handler in logging.getLogger().handlers if isinstance(handler, Lines)), None)


def ended(detail: str) -> bool:
    """Say in the log why the process ends, where programs read it; False where people do, who are told otherwise."""
    handler = begun()
    if handler is None or not handler.is_json:
        return False
    logger.error("%s", detail)
    return True


def _uncaught(_kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
    if not isinstance(error, KeyboardInterrupt):
        logger.critical("Ended by an error that nobody expected", exc_info=error)


def _uncaught_in_thread(told: threading.ExceptHookArgs) -> None:
    logger.critical("A thread ended by an error that nobody expected", exc_info=told.exc_value)


def _unraisable(told: sys.UnraisableHookArgs) -> None:
    logger.error("An error that nobody could be told of", exc_info=told.exc_value)
