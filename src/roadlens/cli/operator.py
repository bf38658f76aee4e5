"""Who runs a command, as the log of changes tells it: the system's user, and the machine's name."""

from __future__ import annotations

import os
import pwd
import socket

from roadlens.storage.writes.audit import Actor


def operator() -> Actor:
    """`command line: ada`, at the machine's name. A container's user may have a number alone."""
    # Asked of the system, not of the environment, where anybody may call themselves anything.
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = f"uid {number}"
    return Actor(f"command line: {name}", address=socket.gethostname())
