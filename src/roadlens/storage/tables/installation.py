"""What belongs to the installation as a whole: its time zone, and the log of who changed what."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Identity, Integer, Table, Text, TypedColumns
from sqlalchemy.dialects.postgresql import JSONB

from roadlens.storage.tables.metadata import TIMESTAMP, metadata, moment


class InstallationColumns(TypedColumns):
    """One row. `timezone` decides which calendar day a trip belongs to, so it cannot change under stored trips.

    Positions from before `positions_from` have been dropped (null: none have), and nothing is made of them any more.
    """

    singleton = Column(Boolean, primary_key=True, server_default="true")
    timezone = Column(Text, nullable=False)
    created_at = moment()
    positions_from = Column(TIMESTAMP, nullable=True)


class AuditColumns(TypedColumns):
    """`actor_id` is the user's, null for a command. No foreign key: the log outlives whom it tells of."""

    audit_id = Column(BigInteger, Identity(always=True), primary_key=True)
    at = moment()
    actor = Column(Text, nullable=False)
    action = Column(Text, nullable=False)
    entity = Column(Text, nullable=False)
    entity_id = Column(Text, nullable=False)
    before = Column(JSONB, nullable=True)
    after = Column(JSONB, nullable=True)
    actor_id = Column(Integer, nullable=True)


installation = Table("installation", metadata, InstallationColumns)
audit_log = Table("audit_log", metadata, AuditColumns)
