"""Whether the log is what it was: entries by their digests, seals by what they cover, triggers by being there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from roadlens.storage.database import ReadSession
from roadlens.storage.reads.read_models import Difference

_LAST = "SELECT seal_id, last_id, entries, chain, signature, key_name, sealed_at FROM audit_seals"
_EXAMINED: Final = f"""
SELECT seal_id, last_id, seal.entries, chain, signature, key_name, sealed_at,
    found.entries, sha256(chain_before || lines)
FROM (
    SELECT sealed.*, lag(chain, 1, cast(:chain AS bytea)) OVER in_order AS chain_before,
        lag(last_id, 1, cast(:last_id AS bigint)) OVER in_order AS last_before
    FROM ({_LAST} WHERE seal_id > :seal_id ORDER BY seal_id LIMIT :most) AS sealed
    WINDOW in_order AS (ORDER BY seal_id)
) AS seal
CROSS JOIN LATERAL (
    SELECT count(*)::int AS entries, coalesce(string_agg(roadlens_audit_line(entry), '' ORDER BY audit_id), '') AS lines
    FROM audit_log AS entry WHERE audit_id > last_before AND audit_id <= last_id
) AS found
ORDER BY seal_id
"""

_OPEN = "SELECT count(*) FROM audit_log WHERE audit_id > :last_id"

# The chain: each seal's digest is of the one before and of its own entries.
_CHAIN: Final = """
SELECT last_id, entries, sha256(cast(:before AS bytea) || lines) AS chain FROM (
    SELECT max(audit_id) AS last_id, count(*)::int AS entries,
        coalesce(string_agg(roadlens_audit_line(entry), '' ORDER BY audit_id), '') AS lines
    FROM (
        SELECT * FROM audit_log WHERE audit_id > :after AND audit_id <= :until
        ORDER BY audit_id LIMIT :most
    ) AS entry
) AS covered
"""

# What a person's erasure has emptied has no salt on that side, no value that could be another one, a name of nobody,
# and an entry that says so. Ids of other things than people stay, and nothing vouches for them.
_ALTERED = """
SELECT audit_id FROM audit_log AS entry
WHERE CASE WHEN who_salt IS NULL
        THEN erased_by IS NULL OR address IS NOT NULL OR actor NOT LIKE 'erased-%'
        ELSE who_digest <> roadlens_audit_who(entry) END
    OR CASE WHEN what_salt IS NULL
        THEN erased_by IS NULL OR before IS NOT NULL OR after IS NOT NULL
            OR (entity IN ('driver', 'user') AND entity_id NOT LIKE 'erased-%')
        ELSE what_digest <> roadlens_audit_what(entry) END
    OR (erased_by IS NOT NULL AND NOT EXISTS (
        SELECT FROM audit_log AS said WHERE said.audit_id = entry.erased_by AND said.action = 'erase'))
ORDER BY audit_id LIMIT :most
"""

# An entry that two erasures have emptied is counted for the later one alone.
_OVERDRAWN = """
SELECT said.audit_id, cast(said.after ->> 'audit_entries' AS bigint), found.entries
FROM (SELECT erased_by, count(*) AS entries FROM audit_log WHERE erased_by IS NOT NULL GROUP BY erased_by) AS found
JOIN audit_log AS said ON said.audit_id = found.erased_by
WHERE found.entries > cast(said.after ->> 'audit_entries' AS bigint)
ORDER BY said.audit_id LIMIT :most
"""

_GUARDS: Final = {
    "audit_log entry": "roadlens_audit_entry",
    "audit_log stands": "roadlens_audit_stands",
    "audit_log stands_whole": "roadlens_audit_stands",
    "audit_seals stands": "roadlens_audit_stands",
    "audit_seals stands_whole": "roadlens_audit_stands",
    "cache_note account_for": "roadlens_account_for",
    "ingest_tokens account_for": "roadlens_account_for_secret",
    "users account_for_password": "roadlens_account_for_secret",
}
_TRIGGERS = """
SELECT tgrelid::regclass || ' ' || tgname, tgenabled::text, proname::text
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE NOT tgisinternal AND proname LIKE 'roadlens\\_a%'
"""


class Seal(NamedTuple):
    """Covers the entries after the seal before, up to `last_id`. `signature` is of `chain`, by the key `key_name`."""

    seal_id: int
    last_id: int
    entries: int
    chain: bytes
    signature: bytes
    key_name: str
    sealed_at: datetime


class Examined(NamedTuple):
    """A seal as it stands, and the number and chain of the entries that are there today."""

    seal: Seal
    entries: int
    chain: bytes


class Covered(NamedTuple):
    """What a seal over some entries would be; `last_id` is None over none."""

    last_id: int | None
    entries: int
    chain: bytes


async def last(session: ReadSession) -> Seal | None:
    """The newest seal."""
    return await session.row(f"{_LAST} ORDER BY seal_id DESC LIMIT 1", Seal)


async def examined(session: ReadSession, behind: Seal | None, most: int) -> list[Examined]:
    """Seals in their order, from the one behind `behind` (None: the first), each with what it would be today."""
    seal_id, last_id, chain = (0, 0, b"") if behind is None else (behind.seal_id, behind.last_id, behind.chain)
    params = {"seal_id": seal_id, "last_id": last_id, "chain": chain, "most": most}
    return [
        Examined(Seal(*row[: len(Seal._fields)]), *row[len(Seal._fields) :])
        for row in await session.tuples(_EXAMINED, params)
    ]


async def unsealed(session: ReadSession, last_id: int) -> int:
    """How many entries came after `last_id`."""
    return int(await session.value(_OPEN, {"last_id": last_id}))


async def covered(session: ReadSession, before: bytes, after: int, until: int, most: int) -> Covered:
    """What a seal would be over so many entries at most, after `after` up to `until`, behind one of chain `before`."""
    found = await session.row(_CHAIN, Covered, {"before": before, "after": after, "until": until, "most": most})
    assert found is not None
    return found


async def altered(session: ReadSession, most: int) -> list[int]:
    """Entries whose values are not those that they were made with, the first of them."""
    return [audit_id for (audit_id,) in await session.tuples(_ALTERED, {"most": most})]


async def overdrawn(session: ReadSession, most: int) -> list[tuple[int, int, int]]:
    """Erasures beside which more entries have been emptied than they said: id, how many they said, how many there are.

    The first of them.
    """
    return [(found[0], found[1], found[2]) for found in await session.tuples(_OVERDRAWN, {"most": most})]


async def guards(session: ReadSession) -> list[Difference]:
    """Each trigger that keeps the log whole and complete, and is missing, one too many, or can be gone round."""
    expected: dict[str, dict[str, Any]] = {
        name: {"enabled": "A", "function": function} for name, function in _GUARDS.items()
    }
    stored = {
        name: {"enabled": enabled, "function": function} for name, enabled, function in await session.tuples(_TRIGGERS)
    }
    return [
        Difference("triggers", name, expected.get(name), stored.get(name))
        for name in sorted(expected.keys() | stored.keys())
        if expected.get(name) != stored.get(name)
    ]
