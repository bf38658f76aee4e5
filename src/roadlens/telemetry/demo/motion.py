"""Moves vehicles along routes: speeds up, keeps a speed, brakes, waits at a light. Knows no clock times.

Every segment is driven in five phases (wait, speed up, keep, brake, wait) of constant acceleration, so speed and place
at any moment have a closed form, and all segments of all drives are worked out at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.telemetry.demo.chance import Floats, Keys, uniform, within
from roadlens.telemetry.demo.habits import Style
from roadlens.telemetry.demo.roads import ARTERIAL, MOTORWAY, STREET, Route
from roadlens.telemetry.track import KMH_PER_MS, Bools

Ints = npt.NDArray[np.int64]

PHASES = 5
_BEFORE, _SPEED_UP, _KEEP, _BRAKE, _AFTER = range(PHASES)

# Durations are whole multiples of this, so sums of them are exact, however many drives are worked out together.
_TICK_S = 1 / 1024

# By class of road: how likely a stretch is driven too fast, as a multiple of the share of distance that is aimed at.
_HURRY = np.array([0.3, 1.05, 0.8])
# A manoeuvre is harsh only where there is speed to lose or to gain, m/s; and never on more than this share of chances.
_LOSS, _GAIN, _AT_MOST = 6.5, 7.5, 0.75


@dataclass(frozen=True, slots=True)
class Motion:
    """Drives of n segments in all; phases have shape (n, 5), the rest (n,) or a value for each drive.

    Attributes:
        routes: what was driven, joined.
        first: index of each drive's first segment.
        drive: which drive a segment belongs to.
        began_s: when each phase begins, counted on from the first drive's begin through all of them.
        begins_s: when each drive begins, counted so.
        total_s: whole seconds from ignition on to ignition off.
        enter, peak, leave: speeds, m/s.
        gain, loss: acceleration and deceleration, m/s².
        harsh: which segments hold a harsh manoeuvre of a type.
    """

    routes: Route
    keys: Keys
    first: Ints
    drive: Ints
    began_s: Floats
    begins_s: Floats
    total_s: Ints
    enter: Floats
    peak: Floats
    leave: Floats
    gain: Floats
    loss: Floats
    harsh: dict[EventType, Bools]

    def middle_s(self, kind: EventType) -> Floats:
        """When the manoeuvre of each harsh segment of this type is at its strongest, counted from its drive's begin."""
        chosen = self.harsh[kind]
        phase = {EventType.HARSH_BRAKING: _BRAKE, EventType.RAPID_ACCELERATION: _SPEED_UP}.get(kind, _AFTER)
        begin = self.began_s[chosen, phase]
        end = begin if phase == _AFTER else self.began_s[chosen, phase + 1]
        return np.asarray((begin + end) / 2 - self.begins_s[self.drive[chosen]])

    def at(self, moments: Floats) -> tuple[Ints, Floats, Floats]:
        """Segment, metres into it, and speed in m/s at moments that count as `began_s` does."""
        flat = np.searchsorted(self.began_s.ravel(), moments, side="right") - 1
        segment, phase = flat // PHASES, flat % PHASES
        spent = moments - self.began_s.ravel()[flat]
        enter, peak, leave = self.enter[segment], self.peak[segment], self.leave[segment]
        gain, loss, length = self.gain[segment], self.loss[segment], self.routes.length_m[segment]
        kept = phase == _KEEP
        speed = np.select(
            [phase == _SPEED_UP, kept, phase == _BRAKE],
            [np.minimum(enter + gain * spent, peak), peak, np.maximum(peak - loss * spent, leave)],
            0.0,
        )
        braked = length - (peak**2 - leave**2) / (2 * loss)
        metres = np.select(
            [phase == _BEFORE, phase == _SPEED_UP, kept, phase == _BRAKE],
            [
                np.zeros_like(speed),
                (enter + speed) / 2 * spent,
                (peak**2 - enter**2) / (2 * gain) + peak * spent,
                braked + (peak + speed) / 2 * spent,
            ],
            length,
        )
        return segment, np.clip(metres, 0.0, length), speed


def move(routes: Sequence[Route], keys: Keys, style: Style) -> Motion:
    """Drive each route once, with the luck of its key.

    Args:
        routes: at least one.
        keys: one for each route.
        style: the driver's.
    """
    sizes = np.array([len(route.length_m) for route in routes])
    first = np.cumsum(sizes) - sizes
    drive = np.repeat(np.arange(len(sizes)), sizes)
    way = _joined(routes)
    luck = within(keys[drive], np.arange(len(drive)) - first[drive])
    ends = np.zeros(len(drive), dtype=np.bool_)
    ends[first + sizes - 1] = True
    road, following = way.road.astype(np.int64), np.roll(way.road, -1).astype(np.int64)
    cruise = _cruise(way, within(keys[drive], 100_000 + way.stretch), style)
    stops = ends | (uniform(luck, "red light") < np.where(way.turns, 0.3, np.where(road == ARTERIAL, 0.17, 0.0)))
    ramp = (road == MOTORWAY) | (following == MOTORWAY)
    chances = {EventType.HARSH_CORNERING: way.turns & ~stops & ~ramp}
    corner = _harsh(EventType.HARSH_CORNERING, chances, luck, drive, way, style)
    turning = np.where(corner, uniform(luck, "wild turn", 25, 34), uniform(luck, "turn", 16, 24))
    turning = np.where(ramp, 45.0, turning) / KMH_PER_MS
    slowing = (road == STREET) & (uniform(luck, "someone crosses") < 0.25)
    passing = np.where(slowing, 6.0, np.minimum(cruise, np.roll(cruise, -1)))
    leave = np.where(stops, 0.0, np.where(way.turns, turning, passing))
    enter = np.roll(leave, 1)
    flowing = way.turns & ~stops  # nobody brakes or starts wildly in the bend itself
    chances[EventType.HARSH_BRAKING] = ~flowing & (cruise - leave >= _LOSS)
    chances[EventType.RAPID_ACCELERATION] = ~np.roll(flowing, 1) & (cruise - enter >= _GAIN)
    brake = _harsh(EventType.HARSH_BRAKING, chances, luck, drive, way, style)
    start = _harsh(EventType.RAPID_ACCELERATION, chances, luck, drive, way, style)
    need = (leave**2 - enter**2) / (2 * way.length_m) * 1.05
    calm_gain, calm_loss = uniform(luck, "gain", 0.9, 1.5 + 0.3 * style.haste), uniform(luck, "loss", 0.9, 1.7)
    gain = np.maximum(np.where(start, uniform(luck, "wild start", 3.4, 4.2), calm_gain), need)
    loss = np.maximum(np.where(brake, uniform(luck, "wild stop", 3.4, 5.2), calm_loss), -need)
    reach = (2 * gain * loss * way.length_m + loss * enter**2 + gain * leave**2) / (gain + loss)
    peak = np.maximum.reduce([np.minimum(cruise, np.sqrt(reach)), enter, leave])
    lasts = _durations(way.length_m, enter, peak, leave, gain, loss)
    lasts[first, _BEFORE] = uniform(keys, "buckles up", 8, 25)
    lasts[:, _AFTER] = np.where(stops, uniform(luck, "waits", 5, 45), 0.0)
    lasts[ends, _AFTER] = uniform(keys, "looks for the keys", 4, 15)
    lasts = np.floor(lasts / _TICK_S) * _TICK_S
    total = np.ceil(np.add.reduceat(lasts.sum(axis=1), first)).astype(np.int64)
    lasts[ends, _AFTER] += 2.0  # so that the last whole second is not yet the next drive's
    ended = np.cumsum(lasts).reshape(lasts.shape)
    began = ended - lasts
    harsh = {
        EventType.HARSH_BRAKING: brake,
        EventType.RAPID_ACCELERATION: start,
        EventType.HARSH_CORNERING: corner,
    }
    return Motion(way, keys, first, drive, began, began[first, 0], total, enter, peak, leave, gain, loss, harsh)


def _joined(routes: Sequence[Route]) -> Route:
    """One array for each field. A drive has a node more than segments: nodes of drive d begin at `first[d] + d`."""
    names = ("latitude", "longitude", "length_m", "course", "road", "limit_kmh", "turns", "stretch")
    return Route(**{name: np.concatenate([getattr(route, name) for route in routes]) for name in names})


def _cruise(way: Route, mood: Keys, style: Style) -> Floats:
    """The speed that is kept on each segment where nothing prevents it, m/s."""
    share = DEFAULT.prior_speeding_share * style.relative[EventType.SPEEDING]
    hurry = uniform(mood, "hurry") < np.minimum(0.7, share * _HURRY[way.road.astype(np.int64)])
    fast = uniform(mood, "by how much", 11.0, 17.0 + 25.0 * style.haste)
    usual = uniform(mood, "usual", -10.0 + 8 * style.haste, 1.0 + 4 * style.haste)
    return np.asarray((way.limit_kmh + np.where(hurry, fast, usual)) / KMH_PER_MS)


def _harsh(
    kind: EventType, chances: dict[EventType, Bools], luck: Keys, drive: Ints, way: Route, style: Style
) -> Bools:
    """Which chances are taken harshly: as many as the style's rate asks for on a drive of this length, if there are."""
    chance = chances[kind]
    rate: float = getattr(DEFAULT, f"prior_{kind.value}") * style.relative[kind]
    wanted = rate / 100_000 * np.bincount(drive, way.length_m)
    likely = np.minimum(_AT_MOST, wanted / np.maximum(1, np.bincount(drive, chance)))
    return np.asarray(chance & (uniform(luck, f"wild {kind}") < likely[drive]))


def _durations(length: Floats, enter: Floats, peak: Floats, leave: Floats, gain: Floats, loss: Floats) -> Floats:
    """Seconds of each phase, without the waits; shape (n, 5)."""
    lasts = np.zeros((len(length), PHASES))
    lasts[:, _SPEED_UP] = (peak - enter) / gain
    lasts[:, _BRAKE] = (peak - leave) / loss
    rest = length - (peak**2 - enter**2) / (2 * gain) - (peak**2 - leave**2) / (2 * loss)
    lasts[:, _KEEP] = np.maximum(rest, 0.0) / peak
    return lasts
