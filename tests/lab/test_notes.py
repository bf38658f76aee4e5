"""What clients write down of an answer that only names another one, by its ETag."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab import history
from lab.connection import Answer
from lab.history import Recorder, Shown
from lab.notes import Notes
from lab.questions import Question
from lab.registers import IS, Seen
from tests.lab.fleets import DRIVER

QUESTION = Question("/driver", lambda found: [Seen(DRIVER, IS, found["version"])], frozenset({DRIVER}))


def answer(version: int, *, headers_alone: bool = False) -> Answer:
    body = b"" if headers_alone else b'{"version": %d}' % version
    return Answer(200, "w", "hit", f'"e{version}"', body, 1.0, 2.0)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(Recorder(tmp_path))


def said(directory: Path) -> list[list[Seen]]:
    """By each answer, in their order."""
    meanings = {each.number: each.seen for each in history.events(directory) if isinstance(each, Shown)}
    return [meanings[read.shown] for read in history.reads(directory)]


@pytest.mark.parametrize("known", [[1, 2], []])
def test_headers_say_what_the_answer_says_that_they_name(notes: Notes, tmp_path: Path, known: list[int]) -> None:
    """It may have been read before, or be read later."""
    for version in known:
        notes.answered(QUESTION, "admin", answer(version))
    for version in (1, 2, 1):
        notes.named(QUESTION, "admin", answer(version, headers_alone=True))
    for version in (1, 2):
        notes.answered(QUESTION, "admin", answer(version))
    notes.close()
    assert [seen[0].number for seen in said(tmp_path)] == [*known, 1, 2, 1, 1, 2]


def test_headers_that_name_what_nobody_reads_say_nothing(notes: Notes, tmp_path: Path) -> None:
    notes.named(QUESTION, "admin", answer(1, headers_alone=True))
    notes.close()
    assert said(tmp_path) == [[]]
