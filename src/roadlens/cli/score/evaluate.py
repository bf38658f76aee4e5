"""`roadlens score evaluate`: how well the events of the database agree with labelled drives."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from roadlens.domain import EventSource, from_unix_microseconds
from roadlens.scoring.agreement import Agreement
from roadlens.settings import read_settings
from roadlens.telemetry import evaluation
from roadlens.telemetry.evaluation import Evaluation
from roadlens.telemetry.labels import Label, read_labels
from roadlens.wiring import open_command

_FIGURES = ("precision", "recall", "f1")


class Source(StrEnum):
    """Which events are compared: those derived from positions, the device's own alarms, or both."""

    GPS = "gps"
    DEVICE = "device"
    ALL = "all"


def evaluate(
    labels: Annotated[Path, typer.Argument(metavar="EVENTS.csv", help="Labels: columns type, start and end.")],
    device: Annotated[
        str | None, typer.Option(metavar="ID", help="Unique id of the device of labels that name none.")
    ] = None,
    source: Annotated[
        Source, typer.Option(help="Events derived from positions, the device's own alarms, or all that count.")
    ] = Source.ALL,
    within: Annotated[
        float, typer.Option(metavar="S", min=0, max=3600, help="How far an event may be from its label, seconds.")
    ] = 3.0,
    list_: Annotated[
        bool, typer.Option("--list", help="Also name the labels that were missed and the events that have no label.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare the database's safety events with labels of the same drives: precision, recall and F1 of each type.

    Types are brake, accel, corner, or Roadlens's own names; times are ISO 8601 with their offset. What a device drove
    between its first label and its last and nobody labelled counts as labelled "nothing".

    Examples:

      roadlens score evaluate events.csv --device "van 7"

      roadlens score evaluate events.csv --source gps --list
    """
    done = asyncio.run(_evaluate(read_labels(labels), device, source, within))
    if json:
        print(msgspec.json.format(msgspec.json.encode(_document(done, source, within)), indent=2).decode())
        return
    print("\n".join(_lines(done)))
    if list_:
        print("\n".join(_listed(done)))


async def _evaluate(labels: list[Label], device: str | None, source: Source, within_s: float) -> Evaluation:
    sources = tuple(EventSource) if source is Source.ALL else (EventSource(source.value),)
    async with open_command(read_settings(), "score evaluate") as wiring, wiring.database.read() as session:
        return await evaluation.evaluate(session, labels, device=device, sources=sources, within_s=within_s)


def _lines(done: Evaluation) -> Iterator[str]:
    for each in done.covered:
        yield f"{each.unique_id}: {each.trips:,} trips from {_moment(each.first)} to {_moment(each.last)}"
    yield f"{'type':<20} {'labels':>7} {'derived':>8} {'agree':>6} {'precision':>10} {'recall':>7} {'F1':>5}"
    for kind, figures in done.figures.items():
        yield _line(kind, figures)
    if len(done.figures) > 1:
        yield _line("all of these", sum(done.figures.values(), Agreement(0, 0, 0)))


def _line(name: str, figures: Agreement) -> str:
    counts = f"{figures.labels:>7,} {figures.derived:>8,} {figures.agree:>6,}"
    shares = (_share(getattr(figures, share), width) for share, width in zip(_FIGURES, (10, 7, 5), strict=True))
    return f"{name:<20} {counts} {' '.join(shares)}"


def _share(value: float | None, width: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:>{width}.2f}"


def _listed(done: Evaluation) -> Iterator[str]:
    yield "\nLabelled, and not derived:"
    for name, label in done.missed:
        extent = f"{(label.end - label.start) / 1e6:g} s"
        about = " ".join(filter(None, (label.severity, label.drive and f"drive {label.drive}")))
        where = f"line {label.line} {about}".rstrip()
        yield f"  {name}  {_moment(label.start)}  {extent:>6}  {label.event_type:<20} {where}"
    yield "\nDerived, and not labelled:"
    for event in done.unlabelled:
        severity = "" if event.severity is None else f"{event.severity:.1f}"
        yield f"  {event.unique_id}  {_moment(event.occurred_at)}  {severity:>6}  {event.event_type:<20} {event.source}"


def _document(done: Evaluation, source: Source, within_s: float) -> dict[str, Any]:
    return {
        "source": source.value,
        "within_s": within_s,
        "covered": done.covered,
        "types": {
            kind.value: {
                "labels": figures.labels,
                "derived": figures.derived,
                "agree": figures.agree,
                **{share: getattr(figures, share) for share in _FIGURES},
            }
            for kind, figures in done.figures.items()
        },
        "missed": [
            {"device": name, "type": label.event_type, "line": label.line, "start": _moment(label.start)}
            for name, label in done.missed
        ],
        "unlabelled": done.unlabelled,
    }


def _moment(moment: Any) -> str:
    when = from_unix_microseconds(moment) if isinstance(moment, int) else moment
    return str(when.isoformat(timespec="seconds").replace("+00:00", "Z"))
