"""What every session of ours begins with, said by the connection itself or, behind a pooler, by its role.

A pooler that lends connections for a transaction passes none of it on: the session is another client's a moment later.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from roadlens.errors import SetupError

DEFAULTS = {"timezone": "UTC", "idle_in_transaction_session_timeout": "120s", "lock_timeout": "60s"}

_FOUND = text("""
SELECT current_user, extract(timezone FROM now()) = 0
    AND current_setting('idle_in_transaction_session_timeout') <> '0' AND current_setting('lock_timeout') <> '0'
""")


def connect_args(name: str, *, pooled: bool) -> dict[str, Any]:
    """What psycopg is told when it connects.

    `pooled`: nothing of it may last longer than a transaction, neither a prepared statement nor a setting.
    """
    lasting: dict[str, Any] = {"options": " ".join(f"-c {setting}={value}" for setting, value in DEFAULTS.items())}
    return {
        "application_name": name,
        "connect_timeout": 5,
        # A server that vanishes without a word is noticed after some 20 s, not after hours (tcp(7)).
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 2,
        "tcp_user_timeout": 20_000,
    } | ({"prepare_threshold": None} if pooled else lasting)


async def check(connection: AsyncConnection) -> None:
    """See that a session which a pooler lends has them from its role.

    Raises:
        SetupError: it has not; the message has the statement that gives them.
    """
    user, given = (await connection.execute(_FOUND)).one()
    if not given:
        statements = " ".join(f"ALTER ROLE {user} SET {setting} = '{value}';" for setting, value in DEFAULTS.items())
        raise SetupError(
            f"Sessions through the pooler that DATABASE_URL names lack what Roadlens sets on its own. Run on the "
            f"database: {statements} Then let the pooler connect anew (PgBouncer: RECONNECT)."
        )
