"""What the process of the clients is told: whom to ask, how much, and for how long."""

from __future__ import annotations

import msgspec

from lab.fleet import Fleet

HOST = "127.0.0.1"


class Address(msgspec.Struct):
    """A server as clients reach it."""

    name: str
    port: int


class Orders(msgspec.Struct):
    """The clients of one run.

    Attributes:
        seconds: how long they work.
        readers: connections that read, of each server.
        rest_s: seconds that each rests after an answer.
        edit_every_s: seconds between an editor's edits; there is one editor for each server.
        positions_every_s: seconds between a device's positions.
    """

    directory: str
    servers: list[Address]
    fleet: Fleet
    seed: int
    seconds: float
    readers: int = 3
    rest_s: float = 0.002
    edit_every_s: float = 0.25
    positions_every_s: float = 0.1
    commute_every_s: float = 5.0
    hire_every_s: float = 1.0
    lock_out_every_s: float = 3.0
    assign_every_s: float = 1.5
    zip_every_s: float | None = None
    database_url: str | None = None
