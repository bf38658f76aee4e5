"""Ingest tokens: who may send positions. A token is shown once, when it is made; only its digest is kept."""

from __future__ import annotations

from sqlalchemy import Column, Identity, Integer, LargeBinary, Table, Text, TypedColumns

from roadlens.storage.tables.metadata import TIMESTAMP, metadata, moment


class IngestTokenColumns(TypedColumns):
    """A token is good while `revoked_at` is null. `digest` is its SHA-256: 32 random bytes need no slower hash."""

    token_id = Column(Integer, Identity(always=True), primary_key=True)
    name = Column(Text, nullable=False, unique=True)
    digest = Column(LargeBinary, nullable=False, unique=True)
    created_at = moment()
    revoked_at = Column(TIMESTAMP, nullable=True)


ingest_tokens = Table("ingest_tokens", metadata, IngestTokenColumns)
