"""What is written and read, as counters: the value of a register only ever goes up. Knows nothing of HTTP or of time.

Each thing that clients edit is one register, edited by one client at a time, on whichever server. Its value is the
version that the edit makes, and what is written says it again: the last name of a driver of version 7 is `N7`. So
whatever an answer shows, the edit that it is from can be told. Where two clients edit the same, it is `N7 by 12`: from
the twelfth attempt of all.
"""

from __future__ import annotations

from typing import Final, NamedTuple

# The value of what has been deleted: after all others. Before it is made its value is 0.
GONE: Final = 1 << 40

# What an answer says of a register, by `Seen.how`.
IS: Final = "is"  # its value
PARITY: Final = "parity"  # whether it is odd (1) or even (0)
AT_MOST: Final = "at most"  # not beyond it: a token of that version is accepted
BEYOND: Final = "beyond"  # not it or before: such a token is refused
THERE: Final = "there"  # made, and not deleted
ABSENT: Final = "absent"  # not made, or deleted
COUNT: Final = "count"  # of so many registers whose names begin like that, each is there
AT_LEAST: Final = "at least"  # it or a later one
BY: Final = "by"  # its value is from that attempt


class Seen(NamedTuple):
    """What one answer says of one register.

    Attributes:
        lag: seconds for which an answer may be from before a write, as what telemetry changes may.
    """

    register: str
    how: str
    number: int
    lag: float = 0.0


def possible(how: str, number: int, first: int, last: int) -> bool:
    """Whether a register whose value is one of `first` to `last` can look like that."""
    if how == IS:
        return first <= number <= last
    if how == PARITY:
        return last > first or first % 2 == number
    if how == AT_MOST:
        return first <= number
    if how in (BEYOND, AT_LEAST):
        return last >= number + (how == BEYOND)
    if how == THERE:
        return last >= 1 and first < GONE
    if how == ABSENT:
        return first == 0 or last >= GONE
    raise ValueError(f"nothing looks like {how!r}")


def written_by(number: int, author: int) -> str:
    """The last name of a driver of that version, from that attempt."""
    return f"N{number} by {author}"


def read_by(last_name: str) -> tuple[int, int]:
    """Version and attempt; 0 where there is one editor."""
    number, _, author = last_name[1:].partition(" by ")
    return int(number), int(author or 0)


def driver(driver_id: str) -> str:
    return f"driver {driver_id}"


def vehicle(vehicle_id: str) -> str:
    return f"vehicle {vehicle_id}"


def user(user_id: int) -> str:
    return f"user {user_id}"


# Whose trips come and go with an assignment: while its version is odd it covers them.
ASSIGNMENT: Final = "assignment"

# What was decided about an event: while its version is odd it is dismissed, and counts in nothing.
EVENT: Final = "event"

# How often a statement of `psql` has set the zip code of all drivers.
ZIP_CODES: Final = "zip codes"

# How many trips a device has driven that was asked for one at a time.
COMMUTES: Final = "commutes"

# How many devices there are.
DEVICES: Final = "devices"

# How often a statement of `psql` has noted something about the score version.
SCORE_VERSION: Final = "score version"

# Drivers who are hired and dismissed begin with this.
HIRED: Final = "driver HIRED-"
