"""What a history is asked besides its reads: who was refused, how long writes took, whether positions were lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from lab.checker import Violation
from lab.fleet import COMMUTER, Fleet
from lab.history import COMMAND_FAILED, LATE, LONGEST_S, SHELL, Failed, Fault, Posted, Waited, Written
from lab.registers import COMMUTES, GONE
from lab.site import Site

# What whoever is hit by a fault may be told: that the database cannot be reached just now, which a command says in its
# own way; that the request came too slowly; or nothing at all.
_TOLD: Final = frozenset({"503", "408", COMMAND_FAILED})
_IN_VAIN: Final = "timeout"
_UNANSWERED: Final = frozenset({_IN_VAIN, "ConnectionResetError", "ConnectionRefusedError", "BrokenPipeError"})

# Seconds after a fault for which who was hit may still be so: clients wait 10 s for an answer.
GRACE_S: Final = 2.0


_VERSIONS: Final = b"""
SELECT 'driver ' || driver_id, version FROM drivers UNION ALL SELECT 'vehicle ' || vehicle_id, version FROM vehicles
UNION ALL SELECT 'user ' || user_id, version FROM users
"""
_VERSIONED: Final = ("driver ", "vehicle ", "user ")


def excuses(fault: Fault, server: str) -> bool:
    """Whether this server may fail because of it. What happens to Redis, to another server or on its ways is none."""
    whose = fault.target.partition(",")[0]
    return "Redis" not in fault.target and (whose == server or whose.endswith("database"))


def _hinders(fault: Fault, asked: Written | Failed) -> bool:
    """Whether it may fail because of this. Of two who edit the same, one waits for the other, on whichever server."""
    return excuses(fault, asked.server) or (asked.shared and "Redis" not in fault.target)


def _delays(fault: Fault, asked: Written | Failed) -> bool:
    """Whether it may wait because of this: also for locks of who has lost the database."""
    return _hinders(fault, asked) or fault.target.endswith("way to the database")


def unavailable(failed: Iterable[Failed], faults: Sequence[Fault], waits: Sequence[Waited] = ()) -> list[Violation]:
    """Failures that no fault explains, and those that no fault excuses. Who waited in vain may have waited for a
    processor.
    """
    found = []
    for each in failed:
        late = each.ended - each.began - LONGEST_S
        if each.kind == LATE or (each.kind == _IN_VAIN and 0 < late <= _starved(each, (), waits)):
            continue
        if each.kind not in _TOLD | _UNANSWERED:
            found.append(_failure("an error", each))
        elif not any(_hinders(fault, each) and fault.touches(each.began, each.ended, GRACE_S) for fault in faults):
            found.append(_failure("unavailable", each))
    return found


def slow(
    written: Iterable[Written], failed: Iterable[Failed], faults: Sequence[Fault], waits: Sequence[Waited] = ()
) -> list[Violation]:
    """What took longer than it may, and than what kept it from the database or from a processor. Of a command nobody
    promises how long it takes.
    """
    asked: list[tuple[Written | Failed, str, str]] = [
        *((each, "slow write", each.register) for each in written if each.acknowledged and each.server != SHELL),
        *((each, "slow read", each.what) for each in failed if each.kind == LATE),
    ]
    return [
        Violation(rule, what, f"took {each.ended - each.began:.1f} s", each.began, each.ended)
        for each, rule, what in asked
        if _too_long(each, faults, waits)
    ]


def _too_long(asked: Written | Failed, faults: Sequence[Fault], waits: Sequence[Waited]) -> bool:
    took = asked.ended - asked.began
    if took <= LONGEST_S:
        return False
    within = [fault for fault in faults if _delays(fault, asked) and fault.touches(asked.began, asked.ended, GRACE_S)]
    return took - _covered(asked, within) - _starved(asked, within, waits) > LONGEST_S


def _covered(asked: Written | Failed, faults: Sequence[Fault]) -> float:
    """Seconds of a request in which there was one of these faults, or several."""
    seconds, until = 0.0, asked.began
    for fault in sorted(faults, key=lambda fault: fault.began):
        ends = min(asked.ended, fault.ended + GRACE_S)
        seconds += max(0.0, ends - max(until, fault.began))
        until = max(until, ends)
    return seconds


def _starved(asked: Written | Failed, faults: Sequence[Fault], waits: Sequence[Waited]) -> float:
    """Seconds beside those faults in which the worker that waited most, of the server that was asked, had no processor.

    Others are waited for no longer than a lease, whatever keeps them, but by two who edit the same.
    """
    seconds: dict[int, float] = defaultdict(float)
    for wait in waits:
        common = min(wait.ended, asked.ended) - max(wait.began, asked.began)
        if common <= 0 or not (asked.shared or wait.server == asked.server):
            continue
        if not any(fault.touches(wait.began, wait.ended, GRACE_S) for fault in faults):
            seconds[wait.worker] += wait.seconds * common / (wait.ended - wait.began)
    return max(seconds.values(), default=0.0)


def lost_positions(fleet: Fleet, posted: Iterable[Posted], site: Site) -> tuple[int, int, list[Violation]]:
    """How many were acknowledged, how many are stored, and those that are not, or that nobody sent."""
    sent: dict[str, set[datetime]] = defaultdict(set)
    known: dict[str, set[datetime]] = defaultdict(set)
    for each in posted:
        times = set(fleet.times(each.device, range(each.first, each.last + 1)))
        sent[each.device] |= times
        if each.acknowledged:
            known[each.device] |= times
    found, acknowledged, in_store = [], 0, 0
    for device in (*fleet.live, COMMUTER):
        stored = stored_positions(device, fleet.began(device), site)
        there = sent[device].intersection(stored)
        acknowledged += len(known[device])
        in_store += len(stored)
        if lost := sorted(known[device] - there):
            what = f"{len(lost)} acknowledged positions, the first of {lost[0]:%d %H:%M:%S}"
            found.append(Violation("lost", device, what, 0, 0))
        if len(stored) > len(there):
            found.append(Violation("from nowhere", device, f"{len(stored) - len(there)} positions", 0, 0))
    return acknowledged, in_store, found


def stored_positions(device: str, since: datetime, site: Site) -> list[datetime]:
    """When the device was where, as the database has it, one for each row."""
    query = b"SELECT fix_time FROM positions JOIN devices USING (device_id) WHERE unique_id = %s AND fix_time >= %s"
    with site.connected() as connection:
        return [at for (at,) in connection.execute(query, [device, since])]


def lost_edits(written: Iterable[Written], stored: Mapping[str, int]) -> list[Violation]:
    """What in the end is from before an edit that was acknowledged, or beyond all that were tried."""
    tried: dict[str, int] = defaultdict(int)
    known: dict[str, int] = defaultdict(int)
    for each in written:
        if each.register.startswith(_VERSIONED):
            tried[each.register] = max(tried[each.register], each.number)
            if each.acknowledged:
                known[each.register] = max(known[each.register], each.number)
    return [
        Violation("lost", name, f"is {stored.get(name, GONE)} in the end, but it was {number}", 0, 0)
        for name, number in known.items()
        if not number <= stored.get(name, GONE) <= tried[name]
    ]


def stored_versions(site: Site) -> Mapping[str, int]:
    """Of all drivers, vehicles and users, as the database has them."""
    with site.connected() as connection:
        return {str(register): int(version) for register, version in connection.execute(_VERSIONS)}


def latencies(written: Iterable[Written], faults: Sequence[Fault]) -> tuple[list[float], list[float]]:
    """Seconds that acknowledged writes took, sorted: those that no fault touched, and the others."""
    calm: list[float] = []
    troubled: list[float] = []
    for each in written:
        if each.acknowledged:
            hit = any(fault.touches(each.began, each.ended, GRACE_S) for fault in faults)
            (troubled if hit else calm).append(each.ended - each.began)
    return sorted(calm), sorted(troubled)


def undisturbed(written: Iterable[Written], until: float) -> list[float]:
    """Seconds that acknowledged edits took which had ended by then, sorted. Positions are no edits."""
    edits = (each for each in written if each.register != COMMUTES)
    return sorted(each.ended - each.began for each in edits if each.acknowledged and each.ended <= until)


def quantile(sorted_values: Sequence[float], part: float) -> float:
    return sorted_values[min(len(sorted_values) - 1, int(part * len(sorted_values)))] if sorted_values else float("nan")


def kinds(failed: Iterable[Failed]) -> Mapping[str, int]:
    return Counter(each.kind for each in failed)


def _failure(rule: str, each: Failed) -> Violation:
    return Violation(rule, each.what, f"{each.kind} {each.detail}", each.began, each.ended, each.what, each.server)
