"""Drivers: the people whose driving is scored."""

from __future__ import annotations

from sqlalchemy import Column, Date, SmallInteger, Table, Text, TypedColumns

from roadlens.storage.tables.metadata import edit_version, metadata, moment


class DriverColumns(TypedColumns):
    driver_id = Column(Text, primary_key=True)
    first_name = Column(Text, nullable=False)
    last_name = Column(Text, nullable=False)
    email = Column(Text, nullable=True)
    phone = Column(Text, nullable=True)
    date_of_birth = Column(Date, nullable=True)
    licence_number = Column(Text, nullable=True)
    licence_state = Column(Text, nullable=True)
    years_licensed = Column(SmallInteger, nullable=True)
    address = Column(Text, nullable=True)
    city = Column(Text, nullable=True)
    state = Column(Text, nullable=True)
    zip_code = Column(Text, nullable=True)
    created_at = moment()
    updated_at = moment()
    version = edit_version()


drivers = Table("drivers", metadata, DriverColumns)
