"""Devices, whom and what they are assigned to over time, and how far their positions have been cut into trips."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Identity, Integer, Table, Text, TypedColumns
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE

from roadlens.storage.tables.metadata import TIMESTAMP, edit_version, metadata, moment


class DeviceColumns(TypedColumns):
    """`by_hand`: an administrator has said whose it is, or that it is nobody's, and registration leaves it alone."""

    device_id = Column(Integer, Identity(always=True), primary_key=True)
    unique_id = Column(Text, nullable=False)
    name = Column(Text, nullable=True)
    model = Column(Text, nullable=True)
    category = Column(Text, nullable=True)
    phone = Column(Text, nullable=True)
    contact = Column(Text, nullable=True)
    created_at = moment()
    version = edit_version()
    by_hand = Column(Boolean, nullable=False, server_default="false")


class AssignmentColumns(TypedColumns):
    """From `valid_from` (null: ever) until before `valid_to` (null: for ever); a constraint forbids overlaps."""

    assignment_id = Column(BigInteger, Identity(always=True), primary_key=True)
    device_id = Column(Integer, ForeignKey("devices.device_id"), nullable=False)
    vehicle_id = Column(Text, ForeignKey("vehicles.vehicle_id"), nullable=False)
    driver_id = Column(Text, ForeignKey("drivers.driver_id"), nullable=False)
    valid_from = Column(TIMESTAMP, nullable=True)
    valid_to = Column(TIMESTAMP, nullable=True)
    created_at = moment()
    version = edit_version()


class ProgressColumns(TypedColumns):
    """The hot columns of a device, apart so that `devices` changes only when somebody edits it.

    The row is also the lock that serialises the deliveries of one device. `settled_at` is the time of a fix at which
    the vehicle had already stood long enough for a stop: what comes after it can be cut without looking further back.
    What it sends of the times `forgotten` is not kept: a driver was erased who had it then, at `forgotten_at` last.
    """

    device_id = Column(Integer, ForeignKey("devices.device_id"), primary_key=True)
    last_fix_at = Column(TIMESTAMP, nullable=True)
    settled_at = Column(TIMESTAMP, nullable=True)
    positions = Column(BigInteger, nullable=False, server_default="0")
    forgotten = Column(TSTZMULTIRANGE, nullable=True)
    forgotten_at = Column(TIMESTAMP, nullable=True)


devices = Table("devices", metadata, DeviceColumns)
device_assignments = Table("device_assignments", metadata, AssignmentColumns)
device_progress = Table("device_progress", metadata, ProgressColumns)
