"""A report says what there was, and a violation stands with its time and the faults around it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from lab import report
from lab.checker import Verdict, Violation
from lab.history import Failed, Fault, Sizes
from lab.outcome import Outcome

STALE = Violation("stale", "driver A", "is 1, but it was 2", 110.5, 110.6, "/drivers as admin", "a1b2")
FAULTS = [Fault("pause", "server 1, a worker", 108, 110.4), Fault("flush", "Redis", 150, 150.1)]


def outcome(*violations: Violation) -> Outcome:
    return Outcome(
        began=100,
        seconds=120,
        verdict=Verdict(reads=1234, observations=5000),
        violations=violations,
        faults=FAULTS,
        failed=[Failed("GET /a", "503", "", 109, 109.1, "server 1")],
        writes=Counter({"acknowledged": 3}),
        quiet=[0.003],
        calm=[0.001, 0.002, 0.004],
        troubled=[],
        acknowledged=10,
        stored=11,
        answers=Counter({"hit": 3, "fwd=miss": 1}),
        sizes=[Sizes(100 + number, {"Redis": 5_000_000}) for number in range(30)],
        doctor="no differences",
    )


def test_a_violation_is_told_with_what_was_done_around_it() -> None:
    (line,) = report.violations(outcome(STALE))
    assert line == (
        "stale: driver A: is 1, but it was 2 at /drivers as admin by a1b2, 10.500-10.600 s; "
        "faults around it: pause of server 1, a worker 8.000-10.400"
    )


def test_of_many_violations_the_first_are_told_and_all_counted() -> None:
    told = list(report.violations(outcome(*[STALE] * 50)))
    assert len(told) == 21
    assert told[-1].startswith("and 30 more; in all: 50 ")


def test_a_page_gets_the_numbers_and_the_command_a_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "a.md"
    page.write_text("<!-- numbers: begin --><!-- numbers: end -->")
    assert report.tell(outcome(), "make lab", page, with_sizes=True) == 0
    text = page.read_text()
    for row in (
        "| by | `make lab` |",
        "| reads, each checked | 1,234 |",
        "| flush | Redis | 1 |",
        "hit 75.0%",
        "1 503",
    ):
        assert row in text
    assert "all promises were kept" in text
    assert text.splitlines()[2] in capsys.readouterr().out
    assert report.tell(outcome(STALE), "make lab", page) == 1
    assert "Verdict: 1 violations." in page.read_text()
