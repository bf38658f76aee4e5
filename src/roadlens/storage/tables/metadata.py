"""The one MetaData of all tables, and the column types that several tables share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, Integer, MetaData, func

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

TIMESTAMP = DateTime(timezone=True)


def moment() -> Column[datetime]:
    """When the row was made; the database's clock, UTC."""
    return Column(TIMESTAMP, nullable=False, server_default=func.now())


def edit_version() -> Column[int]:
    """How often the row was edited, plus one: what `If-Match` is compared with. Telemetry leaves it alone."""
    return Column(Integer, nullable=False, server_default="1")
