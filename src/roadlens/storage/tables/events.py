"""Safety events, each part of one trip. Its id is a digest, so cutting again keeps its review."""

from __future__ import annotations

from sqlalchemy import Column, Double, ForeignKey, Table, Text, TypedColumns, Uuid

from roadlens.storage.tables.metadata import TIMESTAMP, metadata


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


safety_events = Table("safety_events", metadata, EventColumns)
