"""What PostgreSQL says of itself, as far as Roadlens depends on it: version, settings, rights, clock, size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from roadlens.storage.database import ReadSession

_FACTS = """
SELECT current_setting('server_version_num')::int AS version,
    ARRAY(SELECT extname::text FROM pg_extension) AS extensions,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections,
    nullif((SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user), -1) AS role_connections,
    (SELECT count(*)::int FROM pg_stat_activity WHERE application_name NOT LIKE 'roadlens %'
        AND backend_type = 'client backend') AS others,
    (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_isolation') AS isolation,
    (SELECT reset_val FROM pg_settings WHERE name = 'default_transaction_read_only') = 'on' AS read_only,
    pg_is_in_recovery() AS standby,
    current_setting('fsync') = 'on' AS fsync,
    (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit') AS synchronous_commit,
    current_setting('server_encoding') AS encoding,
    current_user::text AS role,
    pg_database_size(current_database()) AS bytes
"""

_REVISION = "SELECT version_num FROM alembic_version"
_HAS_REVISION = "SELECT to_regclass('alembic_version') IS NOT NULL"
_TIMEZONE = "SELECT timezone FROM installation"
_CLOCK = "SELECT clock_timestamp()"

_LACKING = """
SELECT coalesce(string_agg(DISTINCT relname, ', ' ORDER BY relname), '')
FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname = ANY(:tables)
    AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
        AND (relname = ANY(:growing) OR has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE')))
"""
# Those that do what a server's role may not do by itself, or must not be called by everybody.
_UNCALLABLE = """
SELECT coalesce(string_agg(oid::regprocedure::text, ', ' ORDER BY proname), '') FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND proname = ANY(:functions)
    AND NOT has_function_privilege(oid, 'EXECUTE')
"""
_FUNCTIONS: Final = ("roadlens_make_month", "roadlens_raise_tags", "roadlens_audit_forget", "roadlens_audit_final_id")
# A server needs no right to change what stands there, and should have none.
_GROWING: Final = ("audit_log", "audit_seals")

_DEFAULT_PARTITION = """
SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class AS partition ON partition.oid = inhrelid
WHERE inhparent = 'positions'::regclass AND pg_get_expr(relpartbound, partition.oid) = 'DEFAULT'
"""

# Two transactions of one session: a pooler that hands out connections by transaction may change what they run on.
_SESSION = "SELECT pg_backend_pid()"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """PostgreSQL as this role finds it. `connections` is how many may be open, `others` how many programs have now."""

    version: int
    extensions: list[str]
    connections: int
    role_connections: int | None
    others: int
    isolation: str
    read_only: bool
    standby: bool
    fsync: bool
    synchronous_commit: str
    encoding: str
    role: str
    bytes: int


async def facts(session: ReadSession) -> ServerFacts:
    found = await session.row(_FACTS, ServerFacts)
    assert found is not None
    return found


async def revision(session: ReadSession) -> str | None:
    """The schema that the database has; None before there is any."""
    if not await session.value(_HAS_REVISION):
        return None
    found: str | None = await session.value(_REVISION)
    return found


async def timezone(session: ReadSession) -> str | None:
    """In which days of stored trips are counted."""
    found: str | None = await session.value(_TIMEZONE)
    return found


async def lacking_rights(session: ReadSession, tables: list[str]) -> str:
    """Names of those tables that this role may not read and write as it must, with commas."""
    found: str = await session.value(_LACKING, {"tables": tables, "growing": list(_GROWING)})
    return found


async def uncallable(session: ReadSession) -> str:
    """Those of the schema's functions that this role must call and may not, with commas."""
    found: str = await session.value(_UNCALLABLE, {"functions": list(_FUNCTIONS)})
    return found


async def default_partition(session: ReadSession) -> str | None:
    """The partition that takes positions of no month; nobody here makes one."""
    found: str | None = await session.value(_DEFAULT_PARTITION)
    return found


async def clock(session: ReadSession) -> datetime:
    found: datetime = await session.value(_CLOCK)
    return found
