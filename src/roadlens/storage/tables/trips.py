"""Trips: the stretches between two stops, with what scores and dashboards need of them.

`trip_id` begins with the start time in milliseconds (RFC 9562, version 8) and is otherwise a digest of device and
start: the same positions always give the same id, and ids sort by time, so lists page on them.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    Double,
    ForeignKey,
    Integer,
    Numeric,
    Table,
    Text,
    TypedColumns,
    Uuid,
)

from roadlens.storage.tables.metadata import TIMESTAMP, metadata


class TripColumns(TypedColumns):
    trip_id = Column(Uuid, primary_key=True)
    device_id = Column(Integer, ForeignKey("devices.device_id"), nullable=False)
    driver_id = Column(Text, ForeignKey("drivers.driver_id"), nullable=False)
    vehicle_id = Column(Text, ForeignKey("vehicles.vehicle_id"), nullable=False)
    started_at = Column(TIMESTAMP, nullable=False)
    ended_at = Column(TIMESTAMP, nullable=False)
    day = Column(Date, nullable=False)
    distance_m = Column(Integer, nullable=False)
    duration_s = Column(Integer, nullable=False)
    moving_s = Column(Integer, nullable=False)
    night_m = Column(Integer, nullable=False)
    rush_hour_m = Column(Integer, nullable=False)
    weekend_m = Column(Integer, nullable=False)
    speeding_m = Column(Integer, nullable=False)
    top_speed_kmh = Column(Double, nullable=False)
    start_latitude = Column(Double, nullable=False)
    start_longitude = Column(Double, nullable=False)
    end_latitude = Column(Double, nullable=False)
    end_longitude = Column(Double, nullable=False)
    position_count = Column(Integer, nullable=False)
    harsh_braking = Column(Integer, nullable=False)
    rapid_acceleration = Column(Integer, nullable=False)
    harsh_cornering = Column(Integer, nullable=False)
    speeding = Column(Integer, nullable=False)
    phone_use = Column(Integer, nullable=False)
    trip_score = Column(Numeric(5, 2), nullable=False)
    score_version = Column(Integer, ForeignKey("score_versions.version"), nullable=False)
    speeding_s = Column(Integer, nullable=True)
    gap_s = Column(Integer, nullable=True)
    jump_s = Column(Integer, nullable=True)
    frozen_s = Column(Integer, nullable=True)
    sparse_s = Column(Integer, nullable=True)
    imprecise_s = Column(Integer, nullable=True)


trips = Table("trips", metadata, TripColumns)
