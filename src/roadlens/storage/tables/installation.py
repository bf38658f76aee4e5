"""What belongs to the installation as a whole: its time zone, the log of who changed what, and the seals on that."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Identity, Integer, LargeBinary, Table, Text, TypedColumns
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
    """`actor_id` is the user's, null for a command. No foreign key: the log outlives whom it tells of.

    The digests are of who (actor, address) and of what (entity's id, before, after), and stay when the values are
    forgotten, which goes with their salt; `erased_by` is the entry that says so. The database fills them in, refuses
    any other change, and refuses to delete.
    """

    audit_id = Column(BigInteger, Identity(always=True), primary_key=True)
    at = moment()
    actor = Column(Text, nullable=False)
    action = Column(Text, nullable=False)
    entity = Column(Text, nullable=False)
    entity_id = Column(Text, nullable=False)
    before = Column(JSONB, nullable=True)
    after = Column(JSONB, nullable=True)
    actor_id = Column(Integer, nullable=True)
    address = Column(Text, nullable=True)
    request_id = Column(Text, nullable=True)
    erased_by = Column(BigInteger, nullable=True)
    who_salt = Column(LargeBinary, nullable=True)
    who_digest = Column(LargeBinary, nullable=False)
    what_salt = Column(LargeBinary, nullable=True)
    what_digest = Column(LargeBinary, nullable=False)


class SealColumns(TypedColumns):
    """A seal covers the entries after the seal before, up to `last_id`; `chain` is a digest of them and of its `chain`.

    `signature` is by a key that the database does not have; `key_name` tells keys apart.
    """

    seal_id = Column(BigInteger, primary_key=True, autoincrement=False)
    last_id = Column(BigInteger, nullable=False)
    entries = Column(Integer, nullable=False)
    chain = Column(LargeBinary, nullable=False)
    signature = Column(LargeBinary, nullable=False)
    key_name = Column(Text, nullable=False)
    sealed_at = moment()


installation = Table("installation", metadata, InstallationColumns)
audit_log = Table("audit_log", metadata, AuditColumns)
audit_seals = Table("audit_seals", metadata, SealColumns)
