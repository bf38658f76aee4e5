"""Read models: what dashboards and lists answer from, kept in the transaction that writes the trips.

A counter that many writers touch has `SHARDS` rows: a writer adds to one of them, readers sum them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Double,
    ForeignKey,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
)

from roadlens.storage.tables.metadata import TIMESTAMP, metadata

SHARDS = 16


class DriverSummaryColumns(TypedColumns):
    """One row a driver, made with the driver by a trigger. Its row lock serialises the scoring of one driver."""

    driver_id = Column(Text, ForeignKey("drivers.driver_id", ondelete="CASCADE"), primary_key=True)
    risk_score = Column(Numeric(5, 2), nullable=True)
    risk_level = Column(Text, nullable=True)
    scored_day = Column(Date, nullable=True)
    trips = Column(Integer, nullable=False, server_default="0")
    distance_m = Column(BigInteger, nullable=False, server_default="0")
    events = Column(Integer, nullable=False, server_default="0")
    last_trip_at = Column(TIMESTAMP, nullable=True)


class DriverDayColumns(TypedColumns):
    """A driver's trips of one calendar day added up: what the risk score's window and the statistics are sums of.

    It does not refer to the driver: the trips do.
    """

    driver_id = Column(Text, primary_key=True)
    day = Column(Date, primary_key=True)
    trips = Column(Integer, nullable=False)
    distance_m = Column(Integer, nullable=False)
    duration_s = Column(Integer, nullable=False)
    moving_s = Column(Integer, nullable=False)
    night_m = Column(Integer, nullable=False)
    rush_hour_m = Column(Integer, nullable=False)
    weekend_m = Column(Integer, nullable=False)
    speeding_m = Column(Integer, nullable=False)
    top_speed_kmh = Column(Double, nullable=False)
    harsh_braking = Column(Integer, nullable=False)
    rapid_acceleration = Column(Integer, nullable=False)
    harsh_cornering = Column(Integer, nullable=False)
    speeding = Column(Integer, nullable=False)
    phone_use = Column(Integer, nullable=False)


class TripDayColumns(TypedColumns):
    day = Column(Date, primary_key=True)
    shard = Column(SmallInteger, primary_key=True)
    trips = Column(Integer, nullable=False, server_default="0")
    score_sum = Column(Numeric(14, 2), nullable=False, server_default="0")
    harsh_braking = Column(Integer, nullable=False, server_default="0")
    rapid_acceleration = Column(Integer, nullable=False, server_default="0")
    harsh_cornering = Column(Integer, nullable=False, server_default="0")
    speeding = Column(Integer, nullable=False, server_default="0")
    phone_use = Column(Integer, nullable=False, server_default="0")


class FleetTotalColumns(TypedColumns):
    shard = Column(SmallInteger, primary_key=True)
    drivers = Column(BigInteger, nullable=False, server_default="0")
    users = Column(BigInteger, nullable=False, server_default="0")
    vehicles = Column(BigInteger, nullable=False, server_default="0")
    devices = Column(BigInteger, nullable=False, server_default="0")
    trips = Column(BigInteger, nullable=False, server_default="0")
    events = Column(BigInteger, nullable=False, server_default="0")
    distance_m = Column(BigInteger, nullable=False, server_default="0")


class RiskHistogramColumns(TypedColumns):
    """Drivers by their latest score, rounded up to whole points: 40.00 is in 40, 40.01 in 41, so levels are exact."""

    bucket = Column(SmallInteger, primary_key=True)
    shard = Column(SmallInteger, primary_key=True)
    drivers = Column(Integer, nullable=False, server_default="0")
    score_sum = Column(Numeric(14, 2), nullable=False, server_default="0")


driver_summary = Table("driver_summary", metadata, DriverSummaryColumns)
driver_day = Table("driver_day", metadata, DriverDayColumns)
trip_day = Table("trip_day", metadata, TripDayColumns)
fleet_totals = Table("fleet_totals", metadata, FleetTotalColumns)
risk_histogram = Table("risk_histogram", metadata, RiskHistogramColumns)
