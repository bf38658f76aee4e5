"""What a tracker reports of drives: by the clock, more around manoeuvres, with the alarms it has been told to raise."""

from __future__ import annotations

from datetime import UTC

import numpy as np

from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.binary import Positions
from roadlens.telemetry.demo.chance import root
from roadlens.telemetry.demo.habits import style_of
from roadlens.telemetry.demo.receiver import Receiver, report
from roadlens.telemetry.formulas import find
from roadlens.telemetry.track import Track
from tests.telemetry.demo.test_motion import ROUTES, WILD

STYLE = style_of(0.97, root(3))
DEPARTS = 1_700_000_000 + np.arange(len(ROUTES)) * 10_000
ALL = np.ones(len(ROUTES), dtype=np.bool_)
HARSH = (EventType.HARSH_BRAKING, EventType.RAPID_ACCELERATION, EventType.HARSH_CORNERING)


def reported(interval_s: int = 15, warns_above_kmh: float | None = None) -> Positions:
    return report(WILD, DEPARTS, ALL, Receiver(interval_s, warns_above_kmh), STYLE)


def raised(fixes: Positions, kind: EventType) -> int:
    return int(((fixes["alarms"] & kind.bit) != 0).sum())


def test_only_chosen_drives_are_reported() -> None:
    chosen = np.arange(len(ROUTES)) == 7
    fixes = report(WILD, DEPARTS, chosen, Receiver(15, None), STYLE)
    assert set(fixes["fix_time"] // 10_000_000_000) == {DEPARTS[7] // 10_000}
    whole = reported()
    assert set(fixes["digest"].tolist()) < set(whole["digest"].tolist())


def test_the_clock_goes_on_through_manoeuvres() -> None:
    seconds = reported()["fix_time"] // 1_000_000
    for drive in (0, 7, 199):
        since = seconds[(seconds >= DEPARTS[drive]) & (seconds < DEPARTS[drive] + 10_000)] - DEPARTS[drive]
        assert set(range(0, int(WILD.total_s[drive]), 15)) < set(since.tolist())
        assert since[-1] == WILD.total_s[drive]


def test_most_manoeuvres_are_told_and_the_others_can_be_derived() -> None:
    fixes = reported()
    events = [
        event
        for drive in np.split(fixes, np.flatnonzero(np.diff(fixes["fix_time"]) > 1_000_000_000) + 1)
        for event in find(Track(DEFAULT, drive), UTC).events
    ]
    for kind in HARSH:
        made, told = int(WILD.harsh[kind].sum()), raised(fixes, kind)
        seen = [event for event in events if event.event_type == kind]
        assert 0.6 * made < told < 0.95 * made
        assert 0.8 * made < len(seen) <= 1.1 * made
        assert all(event.severity is not None for event in seen)


def test_a_device_warns_of_speed_if_it_has_been_told_to() -> None:
    assert raised(reported(), EventType.SPEEDING) == 0
    fixes = reported(warns_above_kmh=12.0)
    warned = (fixes["alarms"] & EventType.SPEEDING.bit) != 0
    assert warned.any()
    assert (warned == (fixes["speed_kmh"] > fixes["speed_limit_kmh"] + 12.0)).mean() > 0.999


def test_a_phone_is_in_the_hand_as_often_whatever_the_interval() -> None:
    wanted = DEFAULT.prior_phone_use * STYLE.relative[EventType.PHONE_USE] * WILD.routes.distance_m / 100_000
    for interval_s in (10, 30):
        assert 0.6 * wanted < raised(reported(interval_s), EventType.PHONE_USE) < 1.4 * wanted
