"""Tells systemd what the server does, where systemd started it and asks (sd_notify(3)): a datagram for each word."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

READY = "READY=1"
STOPPING = "STOPPING=1"
WATCHDOG = "WATCHDOG=1"

# Seconds for which a word waits for a supervisor that has enough to read. That this process lives it knows by what it
# has not read yet: that word does not wait, for the event loop would stand still with it.
_READ_WITHIN_S = 2.0


def reloading() -> str:
    """The word at the beginning of a reload; at its end it is `READY` again."""
    return f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"


def tell(word: str) -> None:
    """Say it. Without a supervisor that listens, nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as supervisor:
        supervisor.settimeout(0 if word == WATCHDOG else _READ_WITHIN_S)
        supervisor.connect(address.replace("@", "\0", 1) if address.startswith("@") else address)
        supervisor.send(word.encode())


@contextmanager
def watched() -> Iterator[None]:
    """In the block it hears that the event loop turns, twice as often as it wants to (sd_watchdog_enabled(3))."""
    wanted, whose = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not wanted.isdigit() or int(wanted) == 0 or whose != str(os.getpid()):
        yield
        return
    barking = asyncio.create_task(_bark(int(wanted) / 2e6))
    try:
        yield
    finally:
        barking.cancel()


async def _bark(every_s: float) -> None:
    while True:
        tell(WATCHDOG)
        await asyncio.sleep(every_s)
