"""What the process of the clients is told: whom to ask, how much, and for how long."""

from __future__ import annotations

import msgspec

from lab.fleet import Fleet

HOST = "127.0.0.1"


class Address(msgspec.Struct):
    """A server as clients reach it."""

    name: str
    port: int


class Kept(msgspec.Struct):
    """Seconds for which telemetry may be missing in a driver's answer, and in a list of trips (docs/cache.md)."""

    detail_s: float = 180.0
    trips_s: float = 120.0


class Orders(msgspec.Struct):
    """The clients of one run.

    Attributes:
        seconds: how long they work.
        readers: connections that read, of each server.
        rest_s: seconds that each rests after an answer.
        quiet_s: seconds at first in which all rest longer (`lab.pace`), and nobody does harm.
        edit_every_s: seconds between an editor's edits; there are two editors for each server.
        contest_every_s: between the moments at which two edit the same driver.
        repair_every_s: the same for vehicles, whose edits make all drivers' answers stale and so must leave them time.
        positions_every_s: seconds between a device's positions.
        kept: how late readers may see telemetry.
    """

    directory: str
    servers: list[Address]
    fleet: Fleet
    seed: int
    seconds: float
    readers: int = 3
    rest_s: float = 0.002
    quiet_s: float = 0.0
    edit_every_s: float = 0.7
    contest_every_s: float = 1.0
    repair_every_s: float = 4.0
    positions_every_s: float = 0.1
    commute_every_s: float = 5.0
    hire_every_s: float = 1.0
    lock_out_every_s: float = 3.0
    assign_every_s: float = 1.5
    promote_every_s: float = 3.0
    announce_every_s: float = 5.0
    kept: Kept = msgspec.field(default_factory=Kept)
