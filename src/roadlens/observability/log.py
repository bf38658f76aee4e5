"""What goes to the log, and which process and request a line belongs to."""

from __future__ import annotations

import logging
from contextvars import ContextVar

FORMAT = "%(asctime)s %(levelname)s %(name)s%(request)s: %(message)s"

_CHATTY = ("alembic", "uvicorn")

# The id of the request that is being answered; empty outside of one.
current_request: ContextVar[bytes] = ContextVar("current_request", default=b"")


class NameRequest(logging.Filter):
    """For a handler: gives each record the `request` of `FORMAT`."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = current_request.get()
        record.request = f" [{request.decode()}]" if request else ""
        return True


def begin(level: str, process: str = "") -> None:
    """Log to stderr what is at least that important. A `process` that is one of several is named in each line."""
    least = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler()
    handler.addFilter(NameRequest())
    form = FORMAT.replace("%(name)s", f"{process}: %(name)s") if process else FORMAT
    logging.basicConfig(level=least, format=form, handlers=[handler])
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(least, logging.WARNING))
