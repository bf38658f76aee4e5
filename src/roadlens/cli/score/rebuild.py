"""`roadlens score rebuild`: scores history by another version, beside the scores that are live."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import typer
from rich.console import Console

from roadlens.cli.operator import operator
from roadlens.rescoring import cluster
from roadlens.rescoring import rebuild as rescoring
from roadlens.rescoring.rebuild import Order, Progress, Rebuilt
from roadlens.settings import read_settings
from roadlens.storage.writes import audit
from roadlens.wiring import open_command

# How often a line is written anew on a terminal, and a new one elsewhere.
_TERMINAL_S, _ELSEWHERE_S = 0.3, 5.0


def rebuild(
    version: Annotated[int, typer.Argument(min=1, help="Number of the score version: `roadlens score versions`.")],
    processes: Annotated[
        int | None,
        typer.Option(min=1, max=256, help="How many work at the same time; as many as there are processors."),
    ] = None,
    keep_files: Annotated[
        bool,
        typer.Option("--keep-files", help="Leave the exported positions where they are, below the data directory."),
    ] = False,
    spark: Annotated[
        str,
        typer.Option("--spark", metavar="MASTER", help="Have a cluster of Spark run the rules; spark://HOST:PORT."),
    ] = "",
) -> None:
    """Score all history by another version, from the stored positions; what is live stays until `score switch`.

    It can be interrupted at any moment, and by anything: the same command goes on where it was. The server may run
    meanwhile; what it takes in is scored by both versions.

    Examples:

      roadlens score rebuild 2

      roadlens score rebuild 2 --processes 1

      roadlens score rebuild 2 --spark spark://10.0.0.5:7077
    """
    if spark:
        cluster.check(spark)
    try:
        began = time.perf_counter()
        done = asyncio.run(_rebuild(version, processes or rescoring.default_processes(), keep_files, spark))
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here")
        raise typer.Exit(130) from None
    print(f"version {version} is ready: {done.trips:,} trips, {done.positions:,} positions", end="")
    print(f" in {_clock(time.perf_counter() - began)}")
    if done.kept:
        print(f"{done.kept:,} trips have no positions any more: they keep their events, and have new scores from those")
    print(f"`roadlens score compare` shows what it changes, `roadlens score switch {version}` makes it live")


async def _rebuild(version: int, processes: int, keep_files: bool, master: str) -> Rebuilt:
    settings = read_settings()
    async with open_command(settings, "score rebuild") as wiring:
        order = Order(version, processes, keep_files, settings.data_dir, wiring.database_url, master=master)
        done = await rescoring.rebuild(wiring.database, order, _Lines(Console(stderr=True, highlight=False)))
        async with wiring.database.write() as session:
            told = {"trips": done.trips, "kept_trips": done.kept}
            await audit.record(session, operator(), "rebuild", "score_version", str(version), None, told)
    return done


class _Lines:
    """Says how far it is: over and over in one line on a terminal, in a line every few seconds elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._every = _TERMINAL_S if console.is_terminal else _ELSEWHERE_S
        self._said = self._began = 0.0
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.phase != self._phase:
            self._phase, self._began, self._said = progress.phase, now, 0.0
        whole = progress.done >= progress.total
        if not whole and now - self._said < self._every:
            return
        self._said = now
        line = f"{progress.done:,} of {progress.total:,} {progress.phase}{_left(progress, now - self._began)}"
        if self._console.is_terminal:
            self._console.print(f"\r\x1b[K{line}", end="\n" if whole else "", soft_wrap=True)
        else:
            self._console.print(line, soft_wrap=True)


def _left(progress: Progress, seconds: float) -> str:
    done = progress.done - progress.before
    if not done or progress.done >= progress.total:
        return ""
    return f", about {_clock((progress.total - progress.done) * seconds / done)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"
