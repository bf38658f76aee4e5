"""What a tracker in the moving vehicle reports: a fix every so many seconds, five around a harsh manoeuvre.

Knows the noise of a receiver and what a device says of itself; drives and their times are given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roadlens.domain import EventType
from roadlens.scoring.parameters import DEFAULT
from roadlens.storage.binary import IGNITION_KNOWN, IGNITION_ON, POSITION, Positions
from roadlens.telemetry.demo.chance import Floats, normal, uniform, within
from roadlens.telemetry.demo.habits import Style
from roadlens.telemetry.demo.motion import Ints, Motion
from roadlens.telemetry.demo.roads import MOTORWAY
from roadlens.telemetry.track import EARTH_RADIUS_M, KMH_PER_MS, Bools

_DEGREE_M = np.pi / 180 * EARTH_RADIUS_M
_LONGEST_S = 1 << 17  # no drive takes longer; a drive and a second of it are one number
# Half the time that the course takes to change at a turn: taken wildly, as usual, and from or to a motorway.
_WILD_S, _TURN_S, _RAMP_S = 1.5, 2.6, 6.0
_BURST = np.arange(-2, 3)  # seconds around a manoeuvre at which there is a fix
_TOLD = 0.85  # share of harsh manoeuvres that the device notices itself; the rest only its fixes show
_WANDER_M, _SPEED_NOISE_KMH, _COURSE_NOISE = 2.0, 0.5, 1.0


@dataclass(frozen=True, slots=True)
class Receiver:
    """A fix every `interval_s`; `warns` of speed if it has been told to, from that many km/h above the limit on."""

    interval_s: int
    warns_above_kmh: float | None


def report(motion: Motion, departs: Ints, chosen: Bools, receiver: Receiver, style: Style) -> Positions:
    """The positions of the chosen drives, `device_id` 0, ordered by drive and time.

    Args:
        motion: drives.
        departs: Unix time in seconds at which each of them begins.
        chosen: which of them to report.
        receiver: the device.
        style: the driver's: how often the phone is in the hand.
    """
    bursts, bits = _bursts(motion, chosen, receiver.interval_s)
    around = (bursts[:, None] + _BURST).ravel()
    moments = np.unique(np.concatenate([_regular(motion, chosen, receiver.interval_s), around]))
    drive, second = moments // _LONGEST_S, moments % _LONGEST_S
    luck = within(motion.keys[drive], second)
    segment, metres, speed = motion.at(motion.begins_s[drive] + second)
    moving = speed > 0.5
    alarms = np.zeros(len(moments), dtype=np.int64)
    np.bitwise_or.at(alarms, np.searchsorted(moments, bursts), bits)
    limit = motion.routes.limit_kmh[segment]
    speed_kmh = np.maximum(0.0, speed * KMH_PER_MS + moving * _SPEED_NOISE_KMH * normal(luck, "speed"))
    rate = DEFAULT.prior_phone_use * style.relative[EventType.PHONE_USE] / 100_000
    since = np.minimum(np.diff(moments, prepend=0), receiver.interval_s)
    calls = moving & (uniform(luck, "phone") < rate * speed * since)
    alarms |= np.where(calls, EventType.PHONE_USE.bit, 0)
    if receiver.warns_above_kmh is not None:
        alarms |= np.where(speed_kmh - limit > receiver.warns_above_kmh, EventType.SPEEDING.bit, 0)
    share = metres / motion.routes.length_m[segment]
    node = segment + drive
    wander = np.where(moving, _WANDER_M, 0.4) / _DEGREE_M
    latitude, longitude = (
        line[node] + share * (line[node + 1] - line[node]) for line in (motion.routes.latitude, motion.routes.longitude)
    )
    fixes = np.zeros(len(moments), dtype=POSITION)
    fixes["fix_time"] = (departs[drive] + second) * 1_000_000
    fixes["digest"] = within(luck, 0).view(np.int64)
    fixes["latitude"] = np.round(latitude + wander * normal(luck, "north"), 6)
    fixes["longitude"] = np.round(longitude + wander * normal(luck, "east") / np.cos(np.radians(latitude)), 6)
    fixes["speed_kmh"] = np.round(speed_kmh, 1)
    course = _course(motion, segment, motion.begins_s[drive] + second)
    fixes["course"] = np.round(course + moving * _COURSE_NOISE * normal(luck, "course"), 1) % 360
    fixes["hdop"] = np.round(uniform(luck, "hdop", 0.6, 1.4), 1)
    fixes["speed_limit_kmh"] = limit
    fixes["flags"] = np.where(second < motion.total_s[drive], IGNITION_KNOWN | IGNITION_ON, IGNITION_KNOWN)
    fixes["alarms"] = alarms
    return fixes


def _regular(motion: Motion, chosen: Bools, interval_s: int) -> Ints:
    """The moments of the fixes by the clock, and of the one as the ignition goes off: drive x `_LONGEST_S` + second."""
    drives = np.flatnonzero(chosen)
    counts = motion.total_s[drives] // interval_s + 1
    begins = np.cumsum(counts) - counts
    rank = np.arange(counts.sum()) - np.repeat(begins, counts)
    by_clock = np.repeat(drives * _LONGEST_S, counts) + rank * interval_s
    return np.concatenate([by_clock, drives * _LONGEST_S + motion.total_s[drives]])


def _bursts(motion: Motion, chosen: Bools, interval_s: int) -> tuple[Ints, Ints]:
    """The moments of harsh manoeuvres, and what the device says there: the bit of its alarm, or 0."""
    found, said = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for kind, harsh in motion.harsh.items():
        drive = motion.drive[harsh]
        second = np.clip(np.round(motion.middle_s(kind)).astype(np.int64), 2, motion.total_s[drive] - 3)
        told = uniform(within(motion.keys[drive], second), f"told {kind}") < _TOLD
        kept = chosen[drive]
        found.append((drive * _LONGEST_S + second)[kept])
        said.append(np.where(told, kind.bit, 0)[kept])
    moments, bits = np.concatenate(found), np.concatenate(said)
    order = np.argsort(moments, kind="stable")
    moments, bits = moments[order], bits[order]
    # With bursts more frequent than the fixes by the clock, the latter would look like holes to whoever cuts trips.
    drive = moments // _LONGEST_S
    rank = np.arange(len(moments)) - np.searchsorted(drive, drive)
    few = rank < motion.total_s[drive] / interval_s / 8
    return moments[few], bits[few]


def _course(motion: Motion, segment: Ints, moments: Floats) -> Floats:
    """The course in degrees; around a turn that is taken without a stop it changes over a few seconds."""
    way, ends = motion.routes, motion.began_s[:, -1]
    course = way.course[segment]
    ramp = (way.road == MOTORWAY) | (np.roll(way.road, -1) == MOTORWAY)
    half = np.select([ramp, motion.harsh[EventType.HARSH_CORNERING]], [_RAMP_S, _WILD_S], _TURN_S)
    flowing = motion.leave > 0  # no stop at its end, so the same drive goes on
    after = (segment + 1) % len(way.course)
    until_turn = ends[segment] - moments
    leaving = flowing[segment] & (until_turn < half[segment])
    change = (way.course[after] - course + 180) % 360 - 180
    course = course + np.where(leaving, (half[segment] - until_turn) / (2 * half[segment]) * change, 0.0)
    since_turn = moments - ends[segment - 1]
    arriving = flowing[segment - 1] & (since_turn < half[segment - 1])
    change = (way.course[segment] - way.course[segment - 1] + 180) % 360 - 180
    return np.asarray(
        course - np.where(arriving, (half[segment - 1] - since_turn) / (2 * half[segment - 1]) * change, 0.0)
    )
