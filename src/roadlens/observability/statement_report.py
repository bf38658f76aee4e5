"""Tells which statements a request, a delivery or a command has run, how often, and which of them ran again and again.

Statements are told by their text, which holds no values: these are parameters.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from roadlens.observability.lines import FIELDS

# One statement that runs more often than that for one request is run for each of many things: it should ask for all of
# them at once.
MOST: Final = 5

logger = logging.getLogger("roadlens.sql")


def report(name: str, statements: Mapping[str, tuple[int, float]]) -> None:
    """A line for each statement, the one that took longest first."""
    for statement, (times, seconds) in sorted(statements.items(), key=lambda found: -found[1][1]):
        sql, ms = " ".join(statement.split()), round(seconds * 1000, 3)
        again = times > MOST
        fields = {"sql": sql, "count": times, "statement_ms": ms, "n_plus_1": again}
        logger.log(
            logging.WARNING if again else logging.INFO,
            "%s%s ran this %s in %.3f ms",
            "N+1: " if again else "",
            name,
            "once" if times == 1 else f"{times} times",
            ms,
            extra={FIELDS: fields},
        )
