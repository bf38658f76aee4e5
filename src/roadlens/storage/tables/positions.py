"""Positions: one row a fix, partitioned by month of `fix_time`.

Every column is NOT NULL and of fixed width, so that a batch travels as one binary COPY and becomes one array without a
loop. An unknown number is NaN. There is no foreign key to `devices`: its check would cost more than the row.
"""

from __future__ import annotations

from sqlalchemy import REAL, BigInteger, Column, Double, Integer, SmallInteger, Table, TypedColumns

from roadlens.storage.tables.metadata import TIMESTAMP, metadata


class PositionColumns(TypedColumns):
    device_id = Column(Integer, primary_key=True)
    fix_time = Column(TIMESTAMP, primary_key=True)
    digest = Column(BigInteger, primary_key=True)
    latitude = Column(Double, nullable=False)
    longitude = Column(Double, nullable=False)
    speed_kmh = Column(REAL, nullable=False)
    course = Column(REAL, nullable=False)
    hdop = Column(REAL, nullable=False)
    speed_limit_kmh = Column(REAL, nullable=False)
    flags = Column(SmallInteger, nullable=False)
    alarms = Column(SmallInteger, nullable=False)


positions = Table("positions", metadata, PositionColumns, postgresql_partition_by="RANGE (fix_time)")
