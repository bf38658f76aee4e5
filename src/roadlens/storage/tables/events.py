"""Safety events, each part of one trip, and what administrators decided about them.

A review belongs to a manoeuvre, not to a row: it holds for what a device did between two moments, so it outlives the
event that it was made on. An event's `state` is the state of its newest review.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Identity, Integer, Table, Text, TypedColumns, Uuid, func

from roadlens.storage.tables.metadata import TIMESTAMP, edit_version, metadata


class EventColumns(TypedColumns):
    event_id = Column(Uuid, primary_key=True)
    trip_id = Column(Uuid, ForeignKey("trips.trip_id", deferrable=True, initially="DEFERRED"), nullable=False)
    driver_id = Column(Text, ForeignKey("drivers.driver_id"), nullable=False)
    event_type = Column(Text, nullable=False)
    source = Column(Text, nullable=False)
    occurred_at = Column(TIMESTAMP, nullable=False)
    ended_at = Column(TIMESTAMP, nullable=False)
    severity = Column(Double, nullable=True)
    confidence = Column(Double, nullable=False)
    latitude = Column(Double, nullable=False)
    longitude = Column(Double, nullable=False)
    speed_kmh = Column(Double, nullable=False)
    state = Column(Text, nullable=False, server_default="needs_review")
    speeding_m = Column(Integer, nullable=True)
    speeding_s = Column(Integer, nullable=True)


class ReviewColumns(TypedColumns):
    """`driver_id` is whose the manoeuvre is by the assignments of now. `reviewed_by` is null for who is no user."""

    review_id = Column(BigInteger, Identity(always=True), primary_key=True)
    device_id = Column(Integer, ForeignKey("devices.device_id"), nullable=False)
    driver_id = Column(Text, ForeignKey("drivers.driver_id"), nullable=False)
    event_type = Column(Text, nullable=False)
    began_at = Column(TIMESTAMP, nullable=False)
    ended_at = Column(TIMESTAMP, nullable=False)
    state = Column(Text, nullable=False)
    note = Column(Text, nullable=True)
    reviewed_by = Column(Integer, ForeignKey("users.user_id", ondelete="SET NULL"), nullable=True)
    reviewed_at = Column(TIMESTAMP, nullable=False, server_default=func.clock_timestamp())
    version = edit_version()


safety_events = Table("safety_events", metadata, EventColumns)
event_reviews = Table("event_reviews", metadata, ReviewColumns)
