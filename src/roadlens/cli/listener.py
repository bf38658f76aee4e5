"""The port: bound before all else, and shared by the processes that answer at it."""

from __future__ import annotations

import errno
import socket

from roadlens.errors import SetupError

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound


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
