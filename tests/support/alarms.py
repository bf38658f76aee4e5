"""Alarms that a device raises in a drive, and moments as seconds of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from roadlens.domain import EventType, unix_microseconds
from roadlens.telemetry.batch import Fix
from tests.support.fleet import NOON

BRAKING: Final = EventType.HARSH_BRAKING.bit
CORNERING: Final = EventType.HARSH_CORNERING.bit
PHONE: Final = EventType.PHONE_USE.bit
SPEEDING: Final = EventType.SPEEDING.bit


def alarmed(fixes: Sequence[Fix], mask: int, *at: int) -> list[Fix]:
    """The drive with these alarms at these of its fixes."""
    return [each._replace(alarms=each.alarms | mask) if index in at else each for index, each in enumerate(fixes)]


def second_of(moment_us: int) -> int:
    """Whole seconds since the first fix of a drive that begins at noon."""
    return (moment_us - unix_microseconds(NOON)) // 1_000_000
