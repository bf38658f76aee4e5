"""What slows the guessing of passwords: budgets of failed sign-ins, and where users have signed in from before."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, SmallInteger, Table, TypedColumns

from roadlens.storage.tables.metadata import TIMESTAMP, metadata


class AttemptColumns(TypedColumns):
    """A leaky bucket: `empty_at` is when the failures in it will all have leaked out. `key` is a digest.

    People type passwords where a name belongs: neither names nor addresses are stored. `slot` follows from the key, and
    holds a bounded number of rows.
    """

    slot = Column(SmallInteger, primary_key=True, autoincrement=False)
    key = Column(LargeBinary, primary_key=True)
    empty_at = Column(TIMESTAMP, nullable=False)


class AddressColumns(TypedColumns):
    """`address` is a digest of a user's network; `last_at` is kept to the day."""

    user_id = Column(Integer, ForeignKey("users.user_id", ondelete="CASCADE"), primary_key=True)
    address = Column(LargeBinary, primary_key=True)
    last_at = Column(TIMESTAMP, nullable=False)


login_attempts = Table("login_attempts", metadata, AttemptColumns, prefixes=["UNLOGGED"])
sign_in_addresses = Table("sign_in_addresses", metadata, AddressColumns)
