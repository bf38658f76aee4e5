"""Vehicles: what is driven."""

from __future__ import annotations

from sqlalchemy import Column, SmallInteger, Table, Text, TypedColumns

from roadlens.storage.tables.metadata import edit_version, metadata, moment


class VehicleColumns(TypedColumns):
    vehicle_id = Column(Text, primary_key=True)
    name = Column(Text, nullable=False)
    vin = Column(Text, nullable=True)
    plate = Column(Text, nullable=True)
    make = Column(Text, nullable=True)
    model = Column(Text, nullable=True)
    model_year = Column(SmallInteger, nullable=True)
    category = Column(Text, nullable=True)
    created_at = moment()
    updated_at = moment()
    version = edit_version()


vehicles = Table("vehicles", metadata, VehicleColumns)
