"""`roadlens import`: files of positions become trips."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from roadlens.cli.counted import counted
from roadlens.cli.operator import operator
from roadlens.errors import InvalidInput
from roadlens.settings import read_settings
from roadlens.storage.writes import audit
from roadlens.telemetry.batch import Complaint, Rejected
from roadlens.telemetry.delivery import Ingest, Outcome
from roadlens.telemetry.importing import import_file
from roadlens.telemetry.sources import values
from roadlens.telemetry.sources.mapping import read_mapping
from roadlens.telemetry.sources.source import Description
from roadlens.wiring import open_command

COMPLAINTS_SHOWN = 50

_EXAMPLES = """
Examples:

  roadlens import drives.jsonl.gz --register

  roadlens import tracks/*.gpx --device "van 7" --register

  roadlens import export.csv --mapping columns.toml

  roadlens import old.jsonl --register --shift-to 2026-11-22T08:30:00+01:00
"""


def import_files(
    files: Annotated[list[Path], typer.Argument(help="Files of Traccar's JSON forwards, CSV or GPX; gzip too.")],
    register: Annotated[
        bool, typer.Option("--register", help="Make a vehicle and a driver for each device that has none.")
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Unique id of the device of files that name none: GPX, CSV without `device`."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML that says what the columns of foreign CSV mean: docs/file-formats.md."),
    ] = None,
    shift_to: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Move each file's times by one amount, so that its last position falls on TIME (ISO 8601).",
        ),
    ] = None,
) -> None:
    """Import positions from files. Importing a file again changes nothing: what is known is dropped as a duplicate."""
    moment = None if shift_to is None else _moment(shift_to)
    if device is not None:
        _check_device(device)
    description = Description(device, None if mapping is None else read_mapping(mapping))
    whole = asyncio.run(_import(files, description, register, moment))
    raise typer.Exit(0 if whole else 1)


import_files.__doc__ = f"{import_files.__doc__}\n\n{_EXAMPLES}"


async def _import(files: Sequence[Path], description: Description, register: bool, shift_to: datetime | None) -> bool:
    """Whether every file could be read to its end."""
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    total, whole, who = Outcome(), True, operator()
    async with open_command(read_settings(), "import") as wiring:
        ingest = await Ingest.open(wiring.database, wiring.journal.around)
        with _progress(console) as progress:
            for path in files:
                told = _Complaints(console, path)
                try:
                    await import_file(
                        ingest,
                        path,
                        total,
                        description=description,
                        register=register,
                        shift_to=shift_to,
                        actor=who,
                        on_progress=partial(_advance, progress, progress.add_task(path.name, total=None)),
                        on_complaints=told,
                    )
                except InvalidInput as error:
                    console.print(error.detail)
                    whole = False
                told.finish()
        async with wiring.database.write() as session:
            done = {"files": len(files), "kept": total.kept, "trips": total.trips, "registered": len(total.registered)}
            # Names of files may be people's, and nobody would find them there again.
            await audit.record(session, who, "import", "positions", "files", None, done)
    _summary(total)
    return whole


class _Complaints:
    """Prints the first records of a file that were dropped, and then only counts: a file may have millions."""

    def __init__(self, console: Console, path: Path) -> None:
        self._console = console
        self._path = path
        self._count = 0

    def __call__(self, complaints: Sequence[Complaint]) -> None:
        for complaint in complaints[: max(0, COMPLAINTS_SHOWN - self._count)]:
            self._console.print(f"{self._path}:{complaint.line}: {complaint.detail}")
        self._count += len(complaints)

    def finish(self) -> None:
        if self._count > COMPLAINTS_SHOWN:
            self._console.print(f"{self._path}: {self._count - COMPLAINTS_SHOWN:,} more records were dropped like this")


def _summary(total: Outcome) -> None:
    made = f"{counted(total.trips, 'new trip')} with {counted(total.events, 'safety event')}"
    print(f"kept {counted(total.kept, 'position')}: {made}")
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in sorted(total.dropped.items()))
    print(f"dropped {sum(total.dropped.values()):,}" + (f": {dropped}" if dropped else ""))
    if total.registered:
        names = _few(f"{device} → {driver}" for device, driver in total.registered.items())
        print(f"registered {counted(len(total.registered), 'device')}: {names}")
    if total.unassigned:
        print(
            f"unassigned {counted(len(total.unassigned), 'device')}: {_few(sorted(total.unassigned))}. "
            "Their positions are kept and become trips when the device is assigned: import again with --register, or "
            "`roadlens devices assign`."
        )


def _few(names: Iterable[str], most: int = 10) -> str:
    listed = list(names)
    return ", ".join(listed[:most]) + (f" and {len(listed) - most:,} more" if len(listed) > most else "")


def _check_device(unique_id: str) -> None:
    try:
        values.claim("--device", unique_id)
    except Rejected as error:
        raise InvalidInput(f"{error.detail}.") from error


def _moment(text: str) -> datetime:
    """A time of the command line; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"--shift-to {text!r} is not a time: write it like 2026-11-22T08:30:00+01:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _advance(progress: Progress, task: TaskID, read: int, size: int) -> None:
    progress.update(task, completed=read, total=size)


def _progress(console: Console) -> Progress:
    """A bar for each file by the bytes read, on a terminal; elsewhere nothing is drawn."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
