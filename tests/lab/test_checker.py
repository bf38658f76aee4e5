"""The checker on histories that keep the promises and on those that break one: each rule is broken once."""

from __future__ import annotations

import pytest

from lab.checker import Checker, Verdict
from lab.history import Asked, Event, Read, Shown, Worker, Written
from lab.registers import ABSENT, AT_LEAST, AT_MOST, BY, COUNT, GONE, HIRED, IS, THERE, Seen
from tests.lab.fleets import CONTESTED, DRIVER, FLEET

HIRE = f"{HIRED}1"


def written(number: int, began: float, ended: float, *, done: bool = True, register: str = DRIVER) -> Written:
    return Written(register, number, began, ended, done, "server 1")


def verdict(writes: list[Written], *answers: tuple[float, float, Seen]) -> Verdict:
    """Of reads, each with when it began and ended and what it showed."""
    events: list[Event] = [Asked(0, "/drivers/LAB-01", "admin"), Worker(0, "w"), *writes]
    events += [Shown(number, [seen]) for number, (_, _, seen) in enumerate(answers)]
    reads = [Read(began, ended, number, 0, 0) for number, (began, ended, _) in enumerate(answers)]
    return Checker(FLEET, events).check(reads)


def version(number: int) -> Seen:
    return Seen(DRIVER, IS, number)


def test_old_or_new_while_it_is_written_and_new_afterwards() -> None:
    writes = [written(2, 10, 12)]
    found = verdict(writes, (9, 9.5, version(1)), (9, 10.1, version(2)), (11.9, 13, version(1)), (12, 13, version(2)))
    assert (found.reads, found.observations, found.violations) == (4, 4, [])


@pytest.mark.parametrize(
    ("writes", "answer", "rule"),
    [
        ([written(2, 10, 12)], (12.0, 12.1, version(1)), "stale"),
        ([written(2, 10, 12)], (9.0, 9.9, version(2)), "from nowhere"),
        ([written(2, 10, 12)], (13.0, 13.1, version(3)), "from nowhere"),
        ([written(2, 10, 12, register="user 2")], (13.0, 13.1, Seen("user 2", AT_MOST, 1)), "stale"),
        ([written(1, 10, 12, register=HIRE)], (13.0, 13.1, Seen(HIRE, ABSENT, 0)), "stale"),
        ([written(GONE, 10, 12, register=HIRE)], (13.0, 13.1, Seen(HIRE, THERE, 0)), "stale"),
        ([written(1, 10, 12, register=HIRE)], (13.0, 13.1, Seen(HIRED, COUNT, 0)), "miscounted"),
        ([written(1, 10, 12, register=HIRE)], (8.0, 8.1, Seen(HIRED, COUNT, 1)), "miscounted"),
    ],
)  # fmt: skip
def test_an_answer_that_nothing_explains(writes: list[Written], answer: tuple[float, float, Seen], rule: str) -> None:
    found = verdict(writes, answer)
    assert dict(found.violated) == {rule: 1}
    assert found.violations[0].register == answer[2].register


def test_what_nobody_acknowledged_may_show_or_not() -> None:
    writes = [written(2, 10, 20, done=False)]
    assert not verdict(writes, (11, 12, version(2)), (12, 13, version(1)), (30, 31, version(2))).violations


def test_what_nobody_acknowledged_stays_once_it_was_shown() -> None:
    writes = [written(2, 10, 20, done=False)]
    found = verdict(writes, (11, 12, version(2)), (17.1, 17.2, version(1)))
    assert dict(found.violated) == {"flickered": 1}


def test_what_nobody_acknowledged_is_over_when_a_later_write_is_acknowledged() -> None:
    writes = [written(2, 10, 20, done=False), written(3, 21, 22)]
    assert dict(verdict(writes, (23, 24, version(2))).violated) == {"stale": 1}


def attempt(number: int, author: int, began: float, ended: float, outcome: str) -> Written:
    return Written(CONTESTED, number, began, ended, outcome == "won", "server 1", outcome == "refused", author)


RACE = [attempt(2, 1, 10, 12, "won"), attempt(2, 2, 10, 13, "refused"), attempt(3, 3, 20, 30, "unknown")]


@pytest.mark.parametrize(
    ("began", "seen", "rule"),
    [
        (10.5, Seen(CONTESTED, IS, 2), ""),
        (10.5, Seen(CONTESTED, IS, 1), ""),
        (12.5, Seen(CONTESTED, BY, 1), ""),
        (21.0, Seen(CONTESTED, BY, 3), ""),
        (12.5, Seen(CONTESTED, AT_LEAST, 2), ""),
        (12.5, Seen(CONTESTED, IS, 1), "stale"),
        (12.5, Seen(CONTESTED, IS, 3), "from nowhere"),
        (12.5, Seen(CONTESTED, BY, 2), "from nowhere"),
        (12.5, Seen(CONTESTED, BY, 9), "from nowhere"),
    ],
)
def test_what_two_write_at_once_is_one_of_theirs(began: float, seen: Seen, rule: str) -> None:
    assert dict(verdict(RACE, (began, began + 0.1, seen)).violated) == ({rule: 1} if rule else {})


def test_what_was_acknowledged_to_one_is_nobody_elses() -> None:
    writes = [attempt(2, 1, 10, 12, "won"), attempt(2, 2, 10, 13, "unknown")]
    assert dict(verdict(writes, (13.0, 13.1, Seen(CONTESTED, BY, 2))).violated) == {"lost": 1}


def test_who_is_refused_by_nobody_s_write_is_told_what_is_not_so() -> None:
    """1. The second is told that a later version is there. 2. The first has not begun to write one."""
    told = (10.0, 10.5, Seen(CONTESTED, AT_LEAST, 2))
    writes = [attempt(2, 1, 11, 12, "won"), attempt(2, 2, 10, 10.5, "refused")]
    assert dict(verdict(writes, told).violated) == {"from nowhere": 1}


def test_telemetry_may_lag_as_long_as_its_answer_is_kept() -> None:
    trips = "commutes"
    writes = [written(1, 10, 12, register=trips)]
    lagging, late = (100, 101, Seen(trips, IS, 0, 120)), (133, 134, Seen(trips, IS, 0, 120))
    assert not verdict(writes, lagging).violations
    assert dict(verdict(writes, late).violated) == {"stale": 1}
