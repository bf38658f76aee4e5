"""The port: bound before all else, and shared by the processes that answer at it."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import select
import socket
import struct
import time
from contextlib import suppress
from typing import Final

from roadlens.errors import SetupError

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound

# linux/socket.h and linux/filter.h: a program of one instruction, which returns 0 and so lets no packet through.
_ATTACH_FILTER: Final = 26
_DROP: Final = struct.pack("=HBBI", 0x06, 0, 0, 0)
# Seconds for those that wait to be taken; processes that accept need some milliseconds for it.
_LAST_ONES_S: Final = 2.0


def bind(host: str, port: int) -> socket.socket:
    """A socket at the wanted address; it does not listen yet.

    Raises:
        SetupError: the address is not this machine's, or somebody has it.
    """
    where = f"{host}, port {port}"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SetupError(f"HOST {host} cannot be found: {error.strerror}.") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SetupError(f"Another program listens on {where}: stop it, or set PORT to another port.") from error
        raise SetupError(f"Cannot listen on {where}: {error.strerror}. Set HOST and PORT to others.") from error
    return listener


def address(listener: socket.socket) -> str:
    """Where a browser on this machine finds it."""
    host, port = listener.getsockname()[:2]
    host = _WILDCARDS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def take_last_ones(listener: socket.socket) -> None:
    """Let nobody more come, and return when those that wait have been taken by who accepts, in whatever process.

    What waits in a socket that is closed is reset, and a client cannot know whether it was heard. Who tries to connect
    from now on hears nothing, tries again after a second (RFC 6298), and then is refused, or meets the next server.
    """
    with suppress(OSError):  # a system without such filters; then the moment before the close is not covered
        program = ctypes.create_string_buffer(_DROP)
        listener.setsockopt(
            socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", len(_DROP) // 8, ctypes.addressof(program))
        )
    waiting, until = select.poll(), time.monotonic() + _LAST_ONES_S
    waiting.register(listener, select.POLLIN)
    while waiting.poll(0) and time.monotonic() < until:  # noqa: ASYNC110 - other processes take them: nothing to wait for
        await asyncio.sleep(0.001)
