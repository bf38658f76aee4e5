"""A process of a rebuild: does one task after the other, as it is told on its standard input. `pool` starts it.

When its input ends, whoever started it is gone or wants no more of it: it ends at once, in the middle of what it does.
Nothing is lost by that, for a chunk is stored whole or not at all.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import BinaryIO

from roadlens.errors import RoadlensError
from roadlens.rescoring import tasks
from roadlens.rescoring.chunk import Chunks
from roadlens.rescoring.files import Files
from roadlens.rescoring.histories import rate
from roadlens.rescoring.tasks import Answer, Drivers, Export, Failed, Finish, Score, Task
from roadlens.storage.database import Database


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    greeting = tasks.greeting.decode(sys.stdin.buffer.readline())
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines,), daemon=True).start()
    try:
        asyncio.run(_serve(greeting, lines, answers))
    finally:
        traceback.print_exc()
        os._exit(1)  # the other thread waits for its input, and would not let it end otherwise


def _listen(lines: queue.SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        lines.put(line)
    os._exit(0)


async def _serve(greeting: tasks.Greeting, lines: queue.SimpleQueue[bytes], answers: BinaryIO) -> None:
    name = f"roadlens rebuild {greeting.version}"
    database = Database.open(greeting.database_url, pool_size=1, max_connections=2, name=name)
    chunks = Chunks(database, greeting.version, Files(Path(greeting.directory)), keep_files=greeting.keep_files)
    while True:
        told = tasks.task.decode(await asyncio.to_thread(lines.get))
        answers.write(tasks.encode(await _done(chunks, told)) + b"\n")


async def _done(chunks: Chunks, task: Task) -> Answer:
    try:
        match task:
            case Export(chunk):
                return await chunks.export(chunk)
            case Score(chunk):
                return await chunks.score(chunk)
            case Finish(chunk):
                return await chunks.finish(chunk)
            case Drivers(drivers):
                return await rate(chunks.database, chunks.version, drivers)
    except RoadlensError as error:
        return Failed(error.code, error.detail)


if __name__ == "__main__":
    main()
