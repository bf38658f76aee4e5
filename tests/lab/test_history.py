"""A history comes back as it was written, a million reads as one."""

from __future__ import annotations

from pathlib import Path

import msgspec

from lab import history
from lab.history import Asked, Event, Fault, Read, Recorder, Shown, Sizes, Written
from lab.registers import IS, Seen


def test_a_history_comes_back_in_its_order(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    events: list[Event] = [Asked(0, "/a?b=ü", "admin"), Shown(0, [Seen("driver A", IS, 3)])]
    events.append(Written("driver A", 4, 1, 2, True, "server 1"))
    for event in events:
        recorder.event(event)
    reads = [Read(number / 7, number / 7 + 0.1, number % 3, 0, 1) for number in range(70_000)]
    for read in reads:
        recorder.read(*read)
    recorder.close()
    history.add(tmp_path, [Sizes(3.0, {"Redis": 5})])
    assert list(history.events(tmp_path)) == [*events, Sizes(3.0, {"Redis": 5})]
    assert list(history.reads(tmp_path)) == reads


def test_who_reads_faults_while_they_are_written_finds_those_of_before(tmp_path: Path) -> None:
    fault = Fault("kill -9", "Redis", 10, 12)
    history.keep_faults(tmp_path, [fault])
    with (tmp_path / history.FAULTS).open("rb") as reading:
        history.keep_faults(tmp_path, [fault] * 1000)
        assert reading.read() == msgspec.json.encode([fault])
    assert history.faults(tmp_path) == [fault] * 1000


def test_faults_touch_what_they_overlap(tmp_path: Path) -> None:
    fault = Fault("kill -9", "Redis", 10, 12)
    history.keep_faults(tmp_path, [fault])
    assert history.faults(tmp_path) == [fault]
    assert [fault.touches(*span) for span in [(8, 9.9), (8, 10), (11, 11.5), (12, 20), (12.5, 20)]] == [
        False, True, True, True, False,
    ]  # fmt: skip
    assert fault.touches(12.5, 20, grace=1)
