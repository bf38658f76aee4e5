"""Vehicles that move by the laws of motion: places, speeds and times agree, and what is harsh is harsh."""

from __future__ import annotations

import numpy as np
import pytest

from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.telemetry.demo.chance import root, within
from roadlens.telemetry.demo.habits import style_of
from roadlens.telemetry.demo.motion import Motion, move
from roadlens.telemetry.demo.roads import CITIES, find_route

ROUTES = [
    find_route(CITIES[0], (130.0, 250.0), (4_400.0, -3_250.0)),
    find_route(CITIES[0], (4_400.0, -3_250.0), (-17_150.0, 5_500.0)),
] * 100
KEYS = within(root(1), np.arange(len(ROUTES)))
WILD = move(ROUTES, KEYS, style_of(0.97, root(3)))
CALM = move(ROUTES, KEYS, style_of(0.1, root(3)))


def every_tenth(motion: Motion, drive: int) -> tuple[np.ndarray, np.ndarray]:
    """Metres from the start of a drive and m/s, every tenth of a second."""
    moments = motion.begins_s[drive] + np.arange(0, float(motion.total_s[drive]), 0.1)
    segment, metres, speed = motion.at(moments)
    lengths = motion.routes.length_m[motion.drive == drive]
    return (np.cumsum(lengths) - lengths)[segment - motion.first[drive]] + metres, speed


@pytest.mark.parametrize("motion", [WILD, CALM], ids=["wild", "calm"])
def test_the_distance_is_the_integral_of_the_speed(motion: Motion) -> None:
    for drive in (0, 1, 42, 199):
        metres, speed = every_tenth(motion, drive)
        assert metres[0] == 0
        assert metres[-1] == pytest.approx(ROUTES[drive].distance_m)
        assert np.abs(metres - np.cumsum(speed) * 0.1).max() < 5
        assert (np.diff(metres) >= 0).all()


@pytest.mark.parametrize("motion", [WILD, CALM], ids=["wild", "calm"])
def test_it_starts_and_ends_at_rest_and_never_jumps(motion: Motion) -> None:
    for drive in (0, 1, 42, 199):
        _, speed = every_tenth(motion, drive)
        assert speed[0] == speed[-1] == 0
        assert np.abs(np.diff(speed)).max() < 0.8
        assert speed.max() * 3.6 < CITIES[0].motorway_limit_kmh + 45


def test_harsh_manoeuvres_are_where_forces_are_great() -> None:
    for kind, force, least in (
        (EventType.HARSH_BRAKING, WILD.loss, DEFAULT.gps_braking_ms2),
        (EventType.RAPID_ACCELERATION, WILD.gain, DEFAULT.gps_acceleration_ms2),
    ):
        assert force[WILD.harsh[kind]].min() > least
    assert WILD.routes.turns[WILD.harsh[EventType.HARSH_CORNERING]].all()


def test_there_are_as_many_as_the_style_asks_for() -> None:
    """The wild ask for more than the few turns of these routes allow."""
    for quantile in (0.1, 0.7, 0.85):
        style = style_of(quantile, root(3))
        motion = move(ROUTES, KEYS, style)
        for kind, harsh in motion.harsh.items():
            wanted = getattr(DEFAULT, f"prior_{kind}") * style.relative[kind] * motion.routes.distance_m / 100_000
            assert harsh.sum() == pytest.approx(wanted, rel=0.35, abs=4)


def test_a_drive_is_the_same_among_others_and_alone() -> None:
    alone = move(ROUTES[42:43], KEYS[42:43], style_of(0.97, root(3)))
    assert alone.total_s[0] == WILD.total_s[42]
    for among, by_itself in zip(every_tenth(WILD, 42), every_tenth(alone, 0), strict=True):
        assert np.abs(among - by_itself).max() < 1e-6
