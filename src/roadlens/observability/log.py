"""Which request a line of the log belongs to."""

from __future__ import annotations

import logging
from contextvars import ContextVar

FORMAT = "%(asctime)s %(levelname)s %(name)s%(request)s: %(message)s"

# The id of the request that is being answered; empty outside of one.
current_request: ContextVar[bytes] = ContextVar("current_request", default=b"")


class NameRequest(logging.Filter):
    """For a handler: gives each record the `request` of `FORMAT`."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = current_request.get()
        record.request = f" [{request.decode()}]" if request else ""
        return True
