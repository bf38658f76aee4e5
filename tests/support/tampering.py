"""The log of changes, changed by who owns its tables and switches their triggers off."""

from __future__ import annotations

import psycopg


def tamper(url: str, *statements: str) -> None:
    """Run these, and switch the log's triggers on again."""
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE audit_log DISABLE TRIGGER USER")
        for statement in statements:
            connection.execute(statement.encode())
        for trigger in ("entry", "stands", "stands_whole"):
            connection.execute(f"ALTER TABLE audit_log ENABLE ALWAYS TRIGGER {trigger}".encode())


def backdate(url: str, at: str) -> None:
    """Have all entries so far be of a time (SQL). Nothing shows that, while they are not sealed."""
    tamper(url, f"UPDATE audit_log SET at = {at}")
