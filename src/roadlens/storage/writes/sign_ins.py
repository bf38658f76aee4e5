"""Signing in and out: failures are charged to budgets in a table that no flood can fill; who signed in is known there.

A budget is a leaky bucket kept as one moment: when it will have leaked empty. Knows neither names nor addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from roadlens.errors import TooManyAttempts
from roadlens.storage.database import WriteSession
from roadlens.storage.writes import audit
from roadlens.storage.writes.audit import Actor

# The table holds at most 65,536 rows, some 6 MB. A key's slot is its digest's, so nobody can choose it.
SLOTS = 1024
ROWS_A_SLOT = 64

# What was not used for so long is not known any more; and of each user the latest addresses only.
KNOWN_FOR = timedelta(days=90)
ADDRESSES_A_USER = 20


@dataclass(frozen=True, slots=True)
class Bucket:
    """Holds `attempts`, of which one leaks out every `leak_s` seconds."""

    key: bytes
    attempts: int
    leak_s: float

    @property
    def slot(self) -> int:
        return int.from_bytes(self.key[:2]) % SLOTS

    def wait_s(self, full_s: float) -> float:
        """How long until it takes one more attempt, when it would leak empty in `full_s` seconds."""
        return max(0.0, full_s) + self.leak_s - self.attempts * self.leak_s


_FULLNESS = """
SELECT wanted.number, extract(epoch FROM held.empty_at - :now)::double precision
FROM unnest(cast(:slots AS int[]), cast(:keys AS bytea[])) WITH ORDINALITY AS wanted (slot, key, number)
JOIN login_attempts held USING (slot, key)
"""

# In the order of the keys, so that two that charge the same budgets wait for each other, and do not deadlock.
_CHARGE = """
INSERT INTO login_attempts AS held (slot, key, empty_at)
SELECT slot, key, :now + leak_s * interval '1 second'
FROM unnest(cast(:slots AS int[]), cast(:keys AS bytea[]), cast(:leaks AS double precision[])) AS w (slot, key, leak_s)
ORDER BY slot, key
ON CONFLICT (slot, key) DO UPDATE
SET empty_at = greatest(held.empty_at, :now) + (excluded.empty_at - :now)
RETURNING key, extract(epoch FROM empty_at - :now)::double precision
"""

# The fullest stay: whoever floods the table with new names pushes out other new names, never a name under attack.
_TRIM = """
DELETE FROM login_attempts WHERE slot = :slot AND key IN (
    SELECT held.key FROM login_attempts held JOIN (
        SELECT key FROM login_attempts WHERE slot = :slot ORDER BY empty_at DESC OFFSET :rows
    ) surplus USING (key)
    WHERE held.slot = :slot FOR UPDATE OF held SKIP LOCKED
)
"""

_REFUND = """
WITH wanted AS (
    SELECT held.slot, held.key, leak_s
    FROM unnest(cast(:slots AS int[]), cast(:keys AS bytea[]), cast(:leaks AS double precision[]))
        AS w (slot, key, leak_s)
    JOIN login_attempts held USING (slot, key) ORDER BY held.slot, held.key FOR UPDATE OF held
)
UPDATE login_attempts held SET empty_at = held.empty_at - leak_s * interval '1 second'
FROM wanted WHERE held.slot = wanted.slot AND held.key = wanted.key
"""

_KNOWN = """
SELECT EXISTS (SELECT FROM sign_in_addresses WHERE user_id = :user_id AND address = :address AND last_at > :since)
"""

_REMEMBER = """
INSERT INTO sign_in_addresses AS known (user_id, address, last_at) VALUES (:user_id, :address, :now)
ON CONFLICT (user_id, address) DO UPDATE SET last_at = excluded.last_at
WHERE known.last_at < excluded.last_at - interval '1 day'
"""

_FORGET = """
DELETE FROM sign_in_addresses WHERE user_id = :user_id AND (last_at < :since OR address IN (
    SELECT address FROM sign_in_addresses WHERE user_id = :user_id ORDER BY last_at DESC, address OFFSET :addresses
))
"""

# Of the same password: nothing that a reader sees has changed, and no token ends. Not over a new password, though.
_RENEW_HASH = "UPDATE users SET password_hash = :renewed WHERE user_id = :user_id AND password_hash = :password_hash"

_REVOKE = """
UPDATE users SET token_epoch = token_epoch + 1 WHERE user_id = :user_id AND token_epoch = :token_epoch
"""


async def charge(session: WriteSession, buckets: Sequence[Bucket], now: datetime) -> None:
    """Put one attempt into each bucket, or into none.

    Raises:
        TooManyAttempts: one of them is full. Nothing was written, or will be once the session has rolled back.
    """
    columns = _columns(buckets)
    held = await session.tuples(_FULLNESS, {"now": now, "slots": columns["slots"], "keys": columns["keys"]})
    _refuse(max((buckets[number - 1].wait_s(full_s) for number, full_s in held), default=0.0))
    charged = dict(await session.tuples(_CHARGE, {"now": now, **columns}))
    # Somebody else may have charged the same buckets since they were looked at.
    _refuse(max(bucket.wait_s(charged[bucket.key] - bucket.leak_s) for bucket in buckets))
    if len(held) < len(buckets):
        await session.execute(_TRIM, [{"slot": slot, "rows": ROWS_A_SLOT} for slot in sorted({*columns["slots"]})])


async def refund(session: WriteSession, buckets: Sequence[Bucket]) -> None:
    """Take one attempt out of each bucket again: it did not fail."""
    await session.execute(_REFUND, _columns(buckets))


async def is_known(session: WriteSession, user_id: int, address: bytes, now: datetime) -> bool:
    """Whether the user has signed in from there, and not too long ago."""
    return bool(await session.value(_KNOWN, {"user_id": user_id, "address": address, "since": now - KNOWN_FOR}))


async def remember(session: WriteSession, user_id: int, address: bytes, now: datetime) -> None:
    """Note that the user has signed in from there."""
    noted = await session.execute(_REMEMBER, {"user_id": user_id, "address": address, "now": now})
    if noted:
        older = {"user_id": user_id, "since": now - KNOWN_FOR, "addresses": ADDRESSES_A_USER}
        await session.execute(_FORGET, older)


async def note(session: WriteSession, actor: Actor) -> None:
    """Note in the log that the user has signed in."""
    await audit.record(session, actor, "sign in", "user", str(actor.user_id), None, None)


async def renew_hash(session: WriteSession, actor: Actor, user_id: int, password_hash: str, renewed: str) -> None:
    """Replace a hash with another one of the same password."""
    values = {"user_id": user_id, "password_hash": password_hash, "renewed": renewed}
    if await session.execute(_RENEW_HASH, values):
        await audit.record(session, actor, "renew hash", "user", str(user_id), None, None)


async def sign_out(session: WriteSession, actor: Actor, user_id: int, token_epoch: int) -> None:
    """End all of a user's tokens, unless that was done since the one of this epoch was given."""
    if await session.execute(_REVOKE, {"user_id": user_id, "token_epoch": token_epoch}):
        await audit.record(session, actor, "sign out", "user", str(user_id), None, None)


def _columns(buckets: Sequence[Bucket]) -> dict[str, list[int] | list[bytes] | list[float]]:
    return {
        "slots": [bucket.slot for bucket in buckets],
        "keys": [bucket.key for bucket in buckets],
        "leaks": [bucket.leak_s for bucket in buckets],
    }


def _refuse(wait_s: float) -> None:
    if wait_s > 0:
        raise TooManyAttempts(
            "Too many failed sign-ins. Wait as long as Retry-After says, then try again.", retry_after=ceil(wait_s)
        )
