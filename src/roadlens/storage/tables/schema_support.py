"""Which releases may use the schema as it is."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Table, Text, TypedColumns

from roadlens.storage.tables.metadata import metadata


class SupportColumns(TypedColumns):
    """One row. `oldest` is a revision: a release whose own newest step is older may not use this database."""

    singleton = Column(Boolean, primary_key=True, server_default="true")
    oldest = Column(Text, nullable=False)


schema_support = Table("schema_support", metadata, SupportColumns)
