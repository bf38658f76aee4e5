"""Becomes PostgreSQL: takes on the identity it may run under, ties its life to the parent's, and executes the program.

Run as `python -I -S launch.py IDENTITY PARENT_PID PROGRAM ARGUMENT...`, so it knows the standard library alone.
IDENTITY is `self`, `namespace:UID` (the caller's files under another number) or `account:UID:GID` (give up being root).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CLONE_NEWUSER = 0x10000000  # linux/sched.h
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
CAP_DAC_OVERRIDE = 1


def take_identity(identity: str) -> None:
    """Become somebody PostgreSQL accepts: it refuses to run with user id 0."""
    kind, *numbers = identity.split(":")
    if kind == "namespace":
        enter_user_namespace(int(numbers[0]))
    elif kind == "account":
        give_up_root(*map(int, numbers))


def enter_user_namespace(inner: int) -> None:
    """Be `inner` in here and the same user as before to everybody else.

    Unlike setuid this keeps access to what only the caller may read: a virtual environment below a 0700 directory.
    """
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    call("unshare", CLONE_NEWUSER)
    # The kernel takes a group map from a process without privileges only after setgroups is denied: user_namespaces(7).
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{inner} {outer_uid} 1"),
        ("gid_map", f"{inner} {outer_gid} 1"),
    ):
        Path("/proc/self", name).write_text(content)


def give_up_root(uid: int, gid: int) -> None:
    """Be another account, which may pass directories that root closed to others: the ones above the programs and data.

    In a container or a chroot there may be no user namespaces. Where that one capability is missing too, the
    directories must be open.
    """
    if sys.platform == "linux":
        call("prctl", PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            keep_capability(CAP_DAC_OVERRIDE)


def keep_capability(capability: int) -> None:
    """Hold this capability alone, and after exec too: capabilities(7), "Ambient"."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    # Effective, permitted and inheritable, for the capabilities 0 to 31; then again for those above.
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    call("capset", ctypes.addressof(header), ctypes.addressof(data))
    call("prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def end_with_parent(parent: int) -> None:
    """Have the kernel send SIGINT, a fast shutdown to PostgreSQL, when the thread that started this process ends."""
    call("prctl", PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() != parent:  # it ended before the line above: no signal will come
        sys.exit("the process that started PostgreSQL has ended")


def call(function: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*map(ctypes.c_ulong, arguments)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def main(arguments: list[str]) -> None:
    identity, parent, *program = arguments
    # A stop that arrives before exec ends this process without a traceback in the database's log.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        take_identity(identity)
        # After the identity: the kernel forgets the parent-death signal when credentials change.
        if sys.platform == "linux":
            end_with_parent(int(parent))
        os.execv(program[0], program)
    except OSError as error:
        sys.exit(f"cannot run {program[0]} as {identity}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
