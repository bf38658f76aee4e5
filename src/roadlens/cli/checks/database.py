"""Whether PostgreSQL is one that Roadlens can live on: its version, schema, settings, rights and connections."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from roadlens.cli.checks.finding import Finding
from roadlens.settings import Settings
from roadlens.storage import migrate
from roadlens.storage.database import Database
from roadlens.storage.reads import server_facts
from roadlens.storage.reads.server_facts import ServerFacts
from roadlens.storage.tables import metadata

_EXTENSIONS = ("btree_gist", "pg_trgm")
# Each worker's change feed has a connection of its own, and the parent and a command one now and then.
_BESIDE = 3

_error = partial(Finding, "database", "error")
_warning = partial(Finding, "database", "warning")


async def check(database: Database, settings: Settings) -> list[Finding]:
    """Raises:
    DatabaseUnavailable: it cannot be asked.
    """
    async with database.read() as session:
        facts = await server_facts.facts(session)
    found = [*_server(facts), *_connections(facts, settings)]
    async with database.read() as session:
        revision = await server_facts.revision(session)
        found += _schema(revision)
        if revision is not None:
            found += _rights(facts, await server_facts.lacking_rights(session, list(metadata.tables)))
            if uncallable := await server_facts.uncallable(session):
                found.append(
                    _error(
                        f"{facts.role} may not call {uncallable}",
                        "They store positions of a new month, clear the cache, seal the log and erase people from it.",
                        f"GRANT EXECUTE ON FUNCTION {uncallable} TO {facts.role}",
                    )
                )
    return found


def _server(facts: ServerFacts) -> Iterator[Finding]:
    if facts.version < migrate.OLDEST_POSTGRESQL:
        yield _error(
            f"PostgreSQL {facts.version // 10000}", "Statements need 15 or newer.", "Upgrade PostgreSQL to 15 or newer."
        )
    if facts.standby or facts.read_only:
        what = "this PostgreSQL is a standby" if facts.standby else "default_transaction_read_only is on"
        yield _error(what, "Nothing can be stored.", "Let DATABASE_URL name the primary, for a role that may write.")
    if missing := sorted(set(_EXTENSIONS) - set(facts.extensions)):
        yield _error(
            f"without the extension {', '.join(missing)}",
            "Searching drivers and keeping assignments apart rest on it.",
            f"CREATE EXTENSION {missing[0]}; Debian has it in postgresql-contrib.",
        )
    if facts.encoding != "UTF8":
        yield _error(
            f"the database's encoding is {facts.encoding}",
            "Names with other characters cannot be stored.",
            "Make a database with ENCODING 'UTF8' and restore a dump into it.",
        )
    if facts.isolation != "read committed":
        yield _warning(
            f"default_transaction_isolation is {facts.isolation}",
            "Edits that meet fail with a serialization error at their commit, instead of waiting.",
            "ALTER DATABASE … SET default_transaction_isolation = 'read committed'",
        )
    if not facts.fsync:
        yield _warning(
            "fsync is off", "A crash of the machine may destroy the database.", "Set fsync = on in postgresql.conf."
        )
    if facts.synchronous_commit == "off":
        yield _warning(
            "synchronous_commit is off",
            "A crash may lose the last positions and edits, though they were acknowledged.",
            "Set synchronous_commit = on for this database.",
        )


def _connections(facts: ServerFacts, settings: Settings) -> Iterator[Finding]:
    wanted = max(settings.db_max_connections, settings.workers) + settings.workers + _BESIDE
    allowed = min(facts.connections, facts.role_connections or facts.connections)
    if wanted > allowed - facts.others:
        yield _warning(
            f"Roadlens may want {wanted} connections; {allowed} may be open, and others have {facts.others} now",
            "Under load, requests are answered with 503 when PostgreSQL has no connection left.",
            "Lower ROADLENS_DB_MAX_CONNECTIONS, or raise max_connections or the role's CONNECTION LIMIT.",
        )


def _schema(revision: str | None) -> Iterator[Finding]:
    if revision is None:
        yield _error(
            "there are no tables of Roadlens",
            "Nothing can be answered.",
            "`roadlens db upgrade` makes them, `serve` too.",
        )
    elif revision != migrate.head():
        older = int(revision) < int(migrate.head())
        yield _error(
            f"the schema is {revision}, this release's is {migrate.head()}",
            "Statements of this release may name what is not there." if older else "This release is the older one.",
            "`roadlens db upgrade`" if older else "Install the release that upgraded the database.",
        )


def _rights(facts: ServerFacts, lacking: str) -> Iterator[Finding]:
    if lacking:
        yield _error(
            f"{facts.role} may not read and write {lacking}",
            "Requests that need it fail.",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {lacking} TO {facts.role}; of the log the first two",
        )
