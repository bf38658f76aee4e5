"""Processes that die are replaced, a task that kills each of them is not, and one failure ends all."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from roadlens.errors import RoadlensError, SetupError
from roadlens.rescoring import pool
from roadlens.rescoring.tasks import Done, Export, Greeting, Task
from tests.support.asking import all_waiting

GREETING = Greeting("postgresql://nowhere", "nowhere", 2)

# Answers each task; how, its name says. What it has been told goes to a file.
WORKER = """
import os, sys
from roadlens.rescoring import tasks
log = open({log!r}, "a", buffering=1)
assert tasks.greeting.decode(sys.stdin.buffer.readline()).version == 2
for line in sys.stdin.buffer:
    chunk = tasks.task.decode(line).chunk
    before = open({log!r}).read().split().count(str(chunk))
    print(chunk, file=log)
    if chunk in {deadly!r} or (chunk in {once!r} and not before):
        os._exit(9)
    answer = tasks.Failed("setup", "No room.") if chunk in {failing!r} else tasks.Done(tasks.Counts(trips=chunk), {{}})
    sys.stdout.buffer.write(tasks.encode(answer) + b"\\n")
    sys.stdout.buffer.flush()
"""


async def work(log: Path, chunks: range, **how: set[int]) -> list[int]:
    """Which chunks were done, by number."""
    kinds: dict[str, set[int]] = {"deadly": set(), "once": set(), "failing": set()}
    program = WORKER.format(log=str(log), **{**kinds, **how})
    done: list[int] = []

    def on_done(task: Task, answer: Done) -> None:
        assert isinstance(task, Export)
        assert answer.counts.trips == task.chunk
        done.append(task.chunk)

    todo = [Export(chunk) for chunk in chunks]
    await pool.work(GREETING, todo, 2, on_done, (sys.executable, "-c", program))
    return sorted(done)


async def test_all_tasks_are_done_once(tmp_path: Path) -> None:
    assert await work(tmp_path / "log", range(20)) == list(range(20))
    assert sorted(map(int, (tmp_path / "log").read_text().split())) == list(range(20))


async def test_who_dies_is_replaced_and_its_task_done_again(tmp_path: Path) -> None:
    assert await work(tmp_path / "log", range(6), once={1, 2}) == list(range(6))
    told = (tmp_path / "log").read_text().split()
    assert (told.count("1"), told.count("2"), len(told)) == (2, 2, 8)


async def test_a_task_that_kills_each_process_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(RoadlensError, match="was ended 3 times while it did Export"):
        await work(tmp_path / "log", range(6), deadly={3})
    assert (tmp_path / "log").read_text().split().count("3") == 3


async def test_what_fails_is_said_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"No room\."):
        await work(tmp_path / "log", range(4), failing={0})


async def test_who_is_cancelled_again_and_again_waits_for_the_end_of_the_process() -> None:
    process, started = pool.Process(("sh", "-c", "cat; sleep 0.5")), asyncio.Event()

    async def hold() -> None:
        async with process:
            started.set()
            await asyncio.Event().wait()

    holding = asyncio.create_task(hold())
    await started.wait()
    for _ in range(3):
        holding.cancel()
        await all_waiting()
    with pytest.raises(asyncio.CancelledError):
        await holding
    assert process._process.returncode == 0
