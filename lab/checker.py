"""Judges a history: whether each answer can be explained by the writes around it. Knows nothing of how Roadlens works.

What is asked of each read, of each register that its answer shows:

1. It is no older than the newest write that was acknowledged before the read began, whoever answered.
2. It is no newer than the newest write that had begun when the read ended.
3. A write that was never acknowledged may show or not; but a lease or two after somebody was shown it, all are.
4. Where several write the same, it is from an attempt that was not refused; and if one was acknowledged, from that one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from lab.fleet import Fleet
from lab.history import Asked, Event, Read, Shown, Worker, Written
from lab.registers import BY, COUNT, GONE, HIRED, IS, Seen, possible
from lab.timeline import Family, Timeline

# A lease is 2 s (docs/change-feed.md). Who sees a change that nobody acknowledged sees it because it is committed: then
# all are told of it, or lose their lease. As much again, for a process that the machine does not let run.
SETTLED_S: Final = 5.0

_LISTED: Final = 200


@dataclass(frozen=True)
class Violation:
    """An answer that nothing explains."""

    rule: str
    register: str
    what: str
    began: float
    ended: float
    path: str = ""
    worker: str = ""


@dataclass
class Verdict:
    """What has been found."""

    reads: int = 0
    observations: int = 0
    by_worker: Counter[str] = field(default_factory=Counter)
    by_path: Counter[str] = field(default_factory=Counter)
    violated: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)

    def add(self, violation: Violation) -> None:
        self.violated[violation.rule] += 1
        if len(self.violations) < _LISTED:
            self.violations.append(violation)


class Checker:
    """Takes events, all of them, and then reads, in the order in which they ended."""

    def __init__(self, fleet: Fleet, events: Iterable[Event]) -> None:
        chains = (
            *fleet.drivers,
            *fleet.contested,
            *fleet.vehicles,
            *fleet.users,
            fleet.promoted,
            fleet.reset,
            fleet.devices,
        )
        chains = (*chains, fleet.assignment, fleet.event)
        self._initial = {chain.register: chain.number for chain in chains}
        self._asked: dict[int, Asked] = {}
        self._workers: dict[int, str] = {}
        self._shown: dict[int, tuple[Seen, ...]] = {}
        written: dict[str, list[Written]] = defaultdict(list)
        for event in events:
            if isinstance(event, Asked):
                self._asked[event.number] = event
            elif isinstance(event, Worker):
                self._workers[event.number] = event.name
            elif isinstance(event, Shown):
                self._shown[event.number] = tuple(event.seen)
            elif isinstance(event, Written):
                written[event.register].append(event)
        self._timelines = {name: self._timeline(name, found) for name, found in written.items()}
        self._hired = _family(written)
        self._attempts = {(each.register, each.author): each for found in written.values() for each in found}
        self._won = {(each.register, each.number): each.author for each in self._attempts.values() if each.acknowledged}

    def check(self, reads: Iterable[Read]) -> Verdict:
        verdict = Verdict()
        for read in reads:
            verdict.reads += 1
            verdict.by_worker[self._workers[read.worker]] += 1
            asked = self._asked[read.asked]
            verdict.by_path[asked.path] += 1
            for seen in self._shown[read.shown]:
                verdict.observations += 1
                broken = self._broken(read, seen)
                if broken is not None:
                    rule, what = broken
                    worker = self._workers[read.worker]
                    who = f"{asked.path} as {asked.who}"
                    verdict.add(Violation(rule, seen.register, what, read.began, read.ended, who, worker))
        return verdict

    def _broken(self, read: Read, seen: Seen) -> tuple[str, str] | None:
        """The rule that it breaks, and how."""
        if seen.how == COUNT:
            return self._miscounted(read, seen)
        if seen.how == BY:
            return self._forged(seen)
        line = self._timelines.get(seen.register)
        if line is None:
            line = self._timelines[seen.register] = Timeline(self._initial.get(seen.register, 0), (), ())
        lowest, highest = line.lowest(read.began - seen.lag), line.highest(read.ended)
        if not possible(seen.how, seen.number, lowest, highest):
            stale = possible(seen.how, seen.number, 0, highest)
            rule = "stale" if stale else "from nowhere"
            since = line.acknowledged_since(read.began - seen.lag)
            ago = "" if since is None else f", acknowledged {read.began - since:.3f} s before the read began"
            return rule, f"{seen.how} {seen.number}, but it was {lowest}{ago}, to {highest}"
        if seen.how == IS:
            if seen.lag == 0:
                before = line.witnessed(read.began - SETTLED_S)
                if seen.number < before:
                    return "flickered", f"it was {seen.number}, after {before} had been shown {SETTLED_S:.0f} s before"
            line.witness(read.ended, seen.number)
        return None

    def _miscounted(self, read: Read, seen: Seen) -> tuple[str, str] | None:
        fewest, most = self._hired.fewest(read.began, read.ended), self._hired.most(read.began, read.ended)
        if fewest <= seen.number <= most:
            return None
        return "miscounted", f"{seen.number} were there, not {fewest} to {most}"

    def _forged(self, seen: Seen) -> tuple[str, str] | None:
        attempt = self._attempts.get((seen.register, seen.number))
        if attempt is None or attempt.refused:
            return "from nowhere", f"is by attempt {seen.number}, which {'was refused' if attempt else 'nobody made'}"
        won = self._won.get((seen.register, attempt.number), seen.number)
        if won != seen.number:
            return "lost", f"{attempt.number} is by attempt {seen.number}, but was acknowledged to attempt {won}"
        return None

    def _timeline(self, register: str, written: Iterable[Written]) -> Timeline:
        written = list(written)
        return Timeline(
            self._initial.get(register, 0),
            ((each.began, each.number) for each in written if not each.refused),
            ((each.ended, each.number) for each in written if each.acknowledged),
        )


def _family(written: Mapping[str, list[Written]]) -> Family:
    family = Family()
    for name, found in written.items():
        if name.startswith(HIRED):
            family.member(_first(found, 1), _first(found, GONE))
    family.complete()
    return family


def _first(written: Iterable[Written], number: int) -> tuple[float | None, float | None]:
    found = [each for each in written if each.number == number]
    begun: Iterator[float] = (each.began for each in found)
    known: Iterator[float] = (each.ended for each in found if each.acknowledged)
    return min(begun, default=None), min(known, default=None)
