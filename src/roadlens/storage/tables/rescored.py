"""History scored again by a version that is not live: how far it is, and its results beside the live ones.

Drivers and trips do not wait for these rows: whoever deletes or erases a driver deletes them too.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Double, ForeignKey, Integer, Numeric, Table, Text, TypedColumns, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from roadlens.storage.tables.metadata import TIMESTAMP, metadata, moment


class ScoreRebuildColumns(TypedColumns):
    """One row a version that history is, or has been, scored by. `kept_trips` have no positions any more."""

    score_version = Column(Integer, ForeignKey("score_versions.version"), primary_key=True)
    state = Column(Text, nullable=False)
    chunks = Column(Integer, nullable=False, server_default="0")
    trips = Column(BigInteger, nullable=False, server_default="0")
    positions = Column(BigInteger, nullable=False, server_default="0")
    kept_trips = Column(BigInteger, nullable=False, server_default="0")
    started_at = moment()
    finished_at = Column(TIMESTAMP, nullable=True)


class RescoredChunkColumns(TypedColumns):
    """Trips with ids from `first_trip` to `last_trip`, which are exported and scored together."""

    score_version = Column(Integer, ForeignKey("score_rebuilds.score_version", ondelete="CASCADE"), primary_key=True)
    chunk = Column(Integer, primary_key=True)
    first_trip = Column(Uuid, nullable=False)
    last_trip = Column(Uuid, nullable=False)
    positions = Column(BigInteger, nullable=False)
    exported_at = Column(TIMESTAMP, nullable=True)
    scored_at = Column(TIMESTAMP, nullable=True)


class RescoredTripColumns(TypedColumns):
    """What a version changes of a trip, and what its driver's days are sums of."""

    score_version = Column(Integer, primary_key=True)
    trip_id = Column(Uuid, primary_key=True)
    driver_id = Column(Text, nullable=False)
    day = Column(Date, nullable=False)
    distance_m = Column(Integer, nullable=False)
    night_m = Column(Integer, nullable=False)
    rush_hour_m = Column(Integer, nullable=False)
    speeding_m = Column(Integer, nullable=False)
    speeding_s = Column(Integer, nullable=True)
    harsh_braking = Column(Integer, nullable=False)
    rapid_acceleration = Column(Integer, nullable=False)
    harsh_cornering = Column(Integer, nullable=False)
    speeding = Column(Integer, nullable=False)
    phone_use = Column(Integer, nullable=False)
    trip_score = Column(Numeric(5, 2), nullable=False)


class RescoredEventColumns(TypedColumns):
    score_version = Column(Integer, primary_key=True)
    event_id = Column(Uuid, primary_key=True)
    trip_id = Column(Uuid, nullable=False)
    driver_id = Column(Text, nullable=False)
    event_type = Column(Text, nullable=False)
    source = Column(Text, nullable=False)
    occurred_at = Column(TIMESTAMP, nullable=False)
    ended_at = Column(TIMESTAMP, nullable=False)
    severity = Column(Double, nullable=True)
    confidence = Column(Double, nullable=False)
    latitude = Column(Double, nullable=False)
    longitude = Column(Double, nullable=False)
    speed_kmh = Column(Double, nullable=False)
    state = Column(Text, nullable=False)
    speeding_m = Column(Integer, nullable=True)
    speeding_s = Column(Integer, nullable=True)


class RescoredRiskColumns(TypedColumns):
    score_version = Column(Integer, primary_key=True)
    driver_id = Column(Text, primary_key=True)
    day = Column(Date, primary_key=True)
    risk_score = Column(Numeric(5, 2), nullable=True)
    risk_level = Column(Text, nullable=True)
    distance_m = Column(Integer, nullable=False)
    factors = Column(JSONB, nullable=False)


class RescoredDeviceColumns(TypedColumns):
    """Devices whose trips have changed since their export, from `first` to `last` (null: no bound): these are cut again
    when the version is switched to.

    The table is also the barrier between those who write trips and those who switch (`writes.barrier`).
    """

    score_version = Column(Integer, ForeignKey("score_rebuilds.score_version", ondelete="CASCADE"), primary_key=True)
    device_id = Column(Integer, primary_key=True)
    first = Column(TIMESTAMP, nullable=True)
    last = Column(TIMESTAMP, nullable=True)


score_rebuilds = Table("score_rebuilds", metadata, ScoreRebuildColumns)
rescored_chunks = Table("rescored_chunks", metadata, RescoredChunkColumns)
rescored_trips = Table("rescored_trips", metadata, RescoredTripColumns)
rescored_events = Table("rescored_events", metadata, RescoredEventColumns)
rescored_risk = Table("rescored_risk", metadata, RescoredRiskColumns)
rescored_devices = Table("rescored_devices", metadata, RescoredDeviceColumns)
