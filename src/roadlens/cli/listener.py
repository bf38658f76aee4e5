"""The port: bound before all else, and shared by the processes that answer at it."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import select
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from roadlens.errors import SetupError

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound

# asm-generic/socket.h
_ATTACH_FILTER: Final = 26
# linux/bpf_common.h: a program lets as many bytes of a packet through as it returns. This one sees a TCP header
# (RFC 9293, section 3.1) and drops what asks for a new connection: SYN without ACK.
_NOBODY_NEW: Final = (
    (0x30, 0, 0, 13),  # load the byte of flags
    (0x54, 0, 0, 0x12),  # of which SYN and ACK
    (0x15, 0, 1, 0x02),  # where it is SYN alone
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # else let it through
)
# How proc(5) writes the state of a connection that waits for its client's last word (net/tcp_states.h).
_HALF_OPEN: Final = "03"
# Seconds for those that wait to be taken: processes that accept need some milliseconds for it, and one that is short of
# a processor seconds, for it takes one after the other. And for a client's last word of a handshake, which does not
# depend on them.
LAST_ONES_S: Final = 10.0
_LAST_WORD_S: Final = 2.0
# Seconds between two looks, and until a packet that passed just before the filter has been dealt with.
_LOOK_S: Final = 0.005


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

    What waits in a socket that is closed is reset, and a client cannot know whether it was heard. That goes also for
    one that waits half-open: the kernel has answered it, so that it holds itself connected and sends, and its own last
    word is still on its way. Who tries to connect from now on hears nothing, tries again after a second (RFC 6298),
    and then is refused, or meets the next server.
    """
    with suppress(OSError):  # a system without such filters; then the moment before the close is not covered
        attach_filter(listener, _NOBODY_NEW)
    waiting, began = select.poll(), time.monotonic()
    waiting.register(listener, select.POLLIN)
    while True:
        await asyncio.sleep(_LOOK_S)
        passed = time.monotonic() - began
        # In this order: who was half-open may wait to be taken by now.
        if passed < _LAST_WORD_S and _some_half_open(listener):
            continue
        if not waiting.poll(0) or passed > LAST_ONES_S:
            return


def attach_filter(listener: socket.socket, program: Sequence[tuple[int, int, int, int]]) -> None:
    """Let a program decide which packets the socket gets; instructions are code, two jumps and an operand.

    Raises:
        OSError: the system has no such filters.
    """
    packed = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *instruction) for instruction in program))
    listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(packed)))


def _some_half_open(listener: socket.socket) -> bool:
    """Whether the kernel waits for a client's last word; unknown where there is no /proc, and then said to be not."""
    port = f":{listener.getsockname()[1]:04X}"
    table = Path("/proc/net/tcp6" if listener.family == socket.AF_INET6 else "/proc/net/tcp")
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return False
    return any(local.endswith(port) and state == _HALF_OPEN for _, local, _, state, *_ in map(str.split, lines))
