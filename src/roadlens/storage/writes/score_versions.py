"""Versions of the scoring: a new one, which scores nothing yet, and which of them is active."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from roadlens.storage.database import WriteSession
from roadlens.storage.writes import audit
from roadlens.storage.writes.audit import Who

_DRAFT = """
INSERT INTO score_versions (version, parameters, active, note)
SELECT coalesce(max(version), 0) + 1, cast(:parameters AS jsonb), false, :note FROM score_versions
RETURNING version
"""

# Of the one that was active, what it was before it was exchanged: it may have come into the database without a rebuild.
_RETIRE = """
WITH before AS (UPDATE score_versions SET active = false WHERE active RETURNING version)
INSERT INTO score_rebuilds (score_version, state, finished_at) SELECT version, 'switched', now() FROM before
ON CONFLICT (score_version) DO UPDATE SET state = 'switched'
RETURNING score_version
"""


async def draft(
    session: WriteSession, who: Who, parameters: Mapping[str, Any], note: str | None, told: Mapping[str, object]
) -> int:
    """Keep values as a new version and give its number. Of two at once the key refuses one, which is tried again.

    Args:
        session: the transaction.
        who: drafts it, for the log.
        parameters: the values.
        note: what it is for.
        told: what the log says of it.
    """
    values = {"parameters": msgspec.json.encode(parameters).decode(), "note": note}
    version: int = await session.value(_DRAFT, values)
    await audit.record(session, who, "draft", "score_version", str(version), None, told)
    return version


async def make_active(session: WriteSession, version: int) -> int:
    """Let this version score from now on, and give the one that did. The caller has closed the barrier."""
    before: int = await session.value(_RETIRE)
    await session.execute(
        "UPDATE score_rebuilds SET state = 'switched' WHERE score_version = :version", {"version": version}
    )
    await session.execute("UPDATE score_versions SET active = true WHERE version = :version", {"version": version})
    return before
