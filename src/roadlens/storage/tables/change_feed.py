"""The change feed's tables: versions of tags, notes of the transactions under way, and the leases of workers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, Table, Text, TypedColumns, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

from roadlens.storage.tables.metadata import metadata, moment


class TransactionId(UserDefinedType[Any]):
    """A transaction's id with its epoch (`xid8`): it never comes again."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class Snapshot(UserDefinedType[Any]):
    """Which transactions could be seen at a moment (`pg_snapshot`)."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "pg_snapshot"


class TagColumns(TypedColumns):
    """A version is `<counter>-<nonce>`: the counter orders, the nonce makes it unique even after a restore."""

    tag = Column(Text(collation="C"), primary_key=True)
    counter = Column(BigInteger, nullable=False)
    nonce = Column(Text, nullable=False)


class NoteColumns(TypedColumns):
    """What a transaction under way has changed; at its commit the rows become versions. `bulk` may stand for `tag`."""

    xid = Column(TransactionId, primary_key=True, server_default="pg_current_xact_id()")
    tag = Column(Text(collation="C"), primary_key=True)
    bulk = Column(Text(collation="C"), nullable=True)


class WorkerColumns(TypedColumns):
    """A worker that may be trusted with versions. `loaded` is the moment it read them all; null before that.

    `counts` is what its cache has counted, for people.
    """

    worker_id = Column(Uuid, primary_key=True)
    renewals = Column(BigInteger, nullable=False, server_default="0")
    loaded = Column(Snapshot, nullable=True)
    host = Column(Text, nullable=False)
    pid = Column(Integer, nullable=False)
    attached_at = moment()
    renewed_at = moment()
    counts = Column(JSONB, nullable=True)


cache_tag = Table("cache_tag", metadata, TagColumns)
cache_note = Table("cache_note", metadata, NoteColumns, prefixes=["UNLOGGED"])
cache_worker = Table("cache_worker", metadata, WorkerColumns)
