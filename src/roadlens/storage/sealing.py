"""Seals on the log of changes: a chain of digests, each signed with a key that the database does not have.

Whoever may write the database can rewrite the log and all its digests, but cannot sign them. Entries that came since
the last seal are not covered yet, and cutting off the newest seals with their entries is seen only by who knows the
newest one: `Verdict.head` is what to keep elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from roadlens.storage.database import Database, WriteSession
from roadlens.storage.reads import audit_seals as reads
from roadlens.storage.reads.audit_seals import Examined, Seal
from roadlens.storage.recurring import recurring
from roadlens.storage.writes import audit_seals as writes

# Entries in a seal at most: what is summed up in one statement.
MOST_ENTRIES: Final = 10_000
# A server seals so often what came since.
EVERY_S: Final = 300.0

_SEALS_AT_ONCE: Final = 1000
_SHOWN: Final = 20

logger = logging.getLogger(__name__)


class Key:
    """Signs; made of the installation's secret. `name` tells one key from another and gives nothing of it away."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"roadlens audit seals", hashlib.sha256)
        self.name = hmac.digest(self._key, b"name", hashlib.sha256).hex()[:16]

    def sign(self, seal_id: int, last_id: int, entries: int, chain: bytes) -> bytes:
        return hmac.digest(self._key, b"%d %d %d " % (seal_id, last_id, entries) + chain, hashlib.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an examination of the log found.

    Attributes:
        entries: how many are sealed.
        open: how many came after the last seal.
        head: the last seal as `number:digest`; None without any.
        troubles: sentences, each of something that is not as it was made.
        unsigned: numbers, from and to, of seals of another key, whose signature nobody here can check; their chain was.
    """

    entries: int
    open: int
    head: str | None
    troubles: list[str]
    unsigned: list[tuple[int, int]]


async def seal(database: Database, key: Key) -> int:
    """Seal what came since the last seal; returns how many entries that were. 0 also when others write all the time."""
    try:
        async with database.write() as session:
            until = await writes.final_id(session)
    except writes.InUse:
        return 0
    sealed = 0
    while until is not None:
        async with database.write() as session:
            count = await _seal(session, key, until)
        sealed += count
        if count < MOST_ENTRIES:
            break
    return sealed


async def _seal(session: WriteSession, key: Key, until: int) -> int:
    await writes.alone(session)
    before = await reads.last(session)
    number, last_id, chain = (0, 0, b"") if before is None else (before.seal_id, before.last_id, before.chain)
    covered = await reads.covered(session, chain, last_id, until, MOST_ENTRIES)
    if covered.last_id is None:
        return 0
    signature = key.sign(number + 1, covered.last_id, covered.entries, covered.chain)
    await writes.put(session, number + 1, covered, signature, key.name)
    return covered.entries


async def verify(database: Database, keys: Sequence[Key], expected: str | None = None) -> Verdict:
    """Look at every entry, every seal and the triggers that keep the log whole, in one snapshot.

    Args:
        keys: of this installation's secrets, the one of today and, where there is one, the one before.
        expected: a `head` that was kept: the log must still have that seal.
    """
    known = {key.name: key for key in keys}
    async with database.read() as session:
        troubles = [f"{found}" for found in await reads.guards(session)]
        troubles += [f"Entry {entry} is not what it was made as." for entry in await reads.altered(session, _SHOWN)]
        troubles += [
            f"Erasure {erasure} said that it emptied {said:,} entries; there are {count:,}."
            for erasure, said, count in await reads.overdrawn(session, _SHOWN)
        ]
        seals, newest = 0, None
        heads, entries, unsigned = set[str](), 0, list[tuple[int, int]]()
        while found := await reads.examined(session, newest, _SEALS_AT_ONCE):
            for each in found:
                seals += 1
                troubles += _troubles(each, known, seals)
                heads.add(_head(each.seal))
                entries += each.seal.entries
                if each.seal.key_name not in known:
                    _extend(unsigned, each.seal.seal_id)
            newest = found[-1].seal
        if expected is not None and expected not in heads:
            troubles.append(f"There is no seal {expected}: the log was cut off, or it is another one.")
        behind = await reads.unsealed(session, newest.last_id if newest else 0)
    head = _head(newest) if newest else None
    return Verdict(entries=entries, open=behind, head=head, troubles=troubles, unsigned=unsigned)


def _extend(spans: list[tuple[int, int]], number: int) -> None:
    """By the next number: it prolongs the last span, or begins one."""
    begins = spans.pop()[0] if spans and spans[-1][1] == number - 1 else number
    spans.append((begins, number))


def _troubles(examined: Examined, keys: Mapping[str, Key], number: int) -> list[str]:
    seal, said = examined.seal, []
    if seal.seal_id != number:
        return [f"Seal {number} is missing."]
    if examined.entries != seal.entries:
        said.append(
            f"Seal {number} was put on {seal.entries} entries up to {seal.last_id}; there are {examined.entries}."
        )
    elif examined.chain != seal.chain:
        said.append(f"Entries under seal {number}, up to {seal.last_id}, are not those that it was put on.")
    if (key := keys.get(seal.key_name)) is not None:
        signature = key.sign(seal.seal_id, seal.last_id, seal.entries, seal.chain)
        if not hmac.compare_digest(signature, seal.signature):
            said.append(f"The signature of seal {number} is not one of this installation's secret.")
    return said


def _head(seal: Seal) -> str:
    return f"{seal.seal_id}:{seal.chain.hex()[:32]}"


class Sealing:
    """Seals by a server, while it is `running`; all workers may, and one of them does."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._key = Key(secret)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Every few minutes until the block ends."""
        otherwise = "The log is not sealed for some minutes more"
        async with recurring(self._seal, EVERY_S, logger=logger, otherwise=otherwise, first_s=EVERY_S):
            yield

    async def _seal(self) -> None:
        await seal(self._database, self._key)
