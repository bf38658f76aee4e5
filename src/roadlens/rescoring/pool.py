"""Processes that work through tasks side by side; one that dies is replaced, and its task is done again.

Knows nothing of what a task is about, and imports nothing that a process of them needs.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from roadlens.errors import RoadlensError
from roadlens.rescoring import tasks
from roadlens.rescoring.tasks import Answer, Done, Failed, Greeting, Made, Spread, Task

COMMAND = (sys.executable, "-m", "roadlens.rescoring.worker")

# A task that ends the process which does it, each time, is not one more process's bad luck.
_ATTEMPTS = 3
_LONGEST_LINE = 1 << 20
_GRACE_S = 5.0

OnDone = Callable[[Task, Done], None]


async def work(
    greeting: Greeting, todo: Iterable[Task], processes: int, on_done: OnDone, command: Sequence[str] = COMMAND
) -> None:
    """Have all tasks done by so many processes, in any order; `on_done` is told of each.

    Raises:
        DatabaseUnavailable, SetupError: what the first process that failed has said; the others are ended.
        RoadlensError: the same task has ended several processes.
    """
    queue, died = iter(todo), Counter[Task]()
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(processes):
                group.create_task(_lane(greeting, queue, died, on_done, command))
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed


async def _lane(
    greeting: Greeting, queue: Iterator[Task], died: Counter[Task], on_done: OnDone, command: Sequence[str]
) -> None:
    """One process after another, until nothing is left to do. None is started for nothing."""
    task = next(queue, None)
    while task is not None:
        async with Process(command) as process:
            await process.say(greeting)
            while task is not None and (answer := await process.ask(task)) is not None:
                on_done(task, answer)
                task = next(queue, None)
        if task is not None:
            died[task] += 1
            if died[task] == _ATTEMPTS:
                raise RoadlensError(
                    f"A process of the rebuild was ended {_ATTEMPTS} times while it did {task}. Look whether memory is "
                    "short; what was finished stays, so run the same command again."
                )


class Process:
    """A process that is told tasks on its standard input and answers on its standard output.

    It is in a session of its own: an interrupt at the terminal is the command's business, which then closes the pipe.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command

    async def __aenter__(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """A process whose pipe is closed ends at once, in the middle of whatever it does: nothing is lost by that.

        Who is cancelled meanwhile, however often, waits for its end all the same: nobody else would.
        """
        ending, cancelled = asyncio.create_task(self._end()), None
        while not ending.done():
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError as asked:
                cancelled = asked
        if cancelled is not None:
            raise cancelled

    async def _end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), _GRACE_S)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        # The loop lets go of it when both pipes are known to be closed, which can be a little later.
        with suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(self._process.stdout.read(), _GRACE_S)
            await self._process.stdin.wait_closed()

    async def say(self, line: Greeting | Task | Spread) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(tasks.encode(line) + b"\n")
            await self._process.stdin.drain()
        except ConnectionError:
            return  # it has died, which whoever waits for its answer sees

    async def ask(self, task: Task) -> Done | None:
        """What became of the task; None if the process died over it."""
        await self.say(task)
        answer = await self.hear()
        assert not isinstance(answer, Made)
        return answer

    async def hear(self) -> Done | Made | None:
        """What it says next; None if it has died.

        Raises:
            RoadlensError: what it says has failed.
        """
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line.endswith(b"\n"):
            return None
        answer: Answer = tasks.answer.decode(line)
        if isinstance(answer, Failed):
            raise answer.error()
        return answer
