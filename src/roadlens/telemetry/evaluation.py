"""Compares the events of the database with labels of the same drives. Knows which time labels cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from roadlens.domain import EVENT_TYPES, EventSource, EventType, from_unix_microseconds, unix_microseconds
from roadlens.errors import InvalidInput
from roadlens.scoring.agreement import Agreement, pairs
from roadlens.storage.database import ReadSession
from roadlens.storage.reads import evaluation
from roadlens.storage.reads.evaluation import Covered, FoundEvent, Span
from roadlens.telemetry.labels import Label

_SECOND = 1_000_000
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What labels and events say of each other.

    Attributes:
        figures: for each type that is labelled, in the order of types.
        covered: for each device the time that was looked at.
        missed: labels without an event, with their devices.
        unlabelled: events without a label.
    """

    figures: Mapping[EventType, Agreement]
    covered: Sequence[Covered]
    missed: Sequence[tuple[str, Label]]
    unlabelled: Sequence[FoundEvent]


async def evaluate(
    session: ReadSession,
    labels: Sequence[Label],
    *,
    device: str | None,
    sources: Sequence[EventSource],
    within_s: float,
) -> Evaluation:
    """Compare, device by device.

    A device is looked at from the trip that holds its first label to the one that holds its last. What it drove in
    between without a label counts as labelled "nothing"; a type of which there is no label at all is not looked at, for
    the labels may just not know it. Dismissed events count: it is the rules that are judged, and a review is a label.

    Raises:
        InvalidInput: nobody knows whose labels they are, or their device drove nothing then.
    """
    within = round(within_s * _SECOND)
    of_device = _by_device(labels, device or await _only(session, labels))
    covered = await evaluation.covered(session, [_span(name, group, within) for name, group in of_device.items()])
    for each in covered:
        _must_have_driven(each)
    kinds = [kind for kind in EVENT_TYPES if any(label.event_type is kind for label in labels)]
    looked_at = [Span(each.unique_id, each.first, each.last) for each in covered]
    events: defaultdict[tuple[str, str], list[FoundEvent]] = defaultdict(list)
    for event in await evaluation.events(session, looked_at, kinds, sources):
        events[event.unique_id, event.event_type].append(event)
    figures = dict.fromkeys(kinds, Agreement(0, 0, 0))
    missed: list[tuple[str, Label]] = []
    unlabelled: list[FoundEvent] = []
    for name, group in sorted(of_device.items()):
        for kind in kinds:
            theirs, ours = [label for label in group if label.event_type is kind], events[name, kind]
            moments = [unix_microseconds(event.occurred_at) for event in ours]
            found = list(pairs([(label.start, label.end) for label in theirs], moments, within))
            figures[kind] += Agreement(len(theirs), len(ours), len(found))
            labelled, derived = {pair[0] for pair in found}, {pair[1] for pair in found}
            missed += [(name, label) for place, label in enumerate(theirs) if place not in labelled]
            unlabelled += [event for place, event in enumerate(ours) if place not in derived]
    return Evaluation(figures, covered, missed, unlabelled)


async def _only(session: ReadSession, labels: Sequence[Label]) -> str:
    """The one device that labels without a device can be of; any name will do where each has one."""
    nameless = [label for label in labels if label.device is None]
    if not nameless:
        return ""
    first, last = min(label.start for label in nameless), max(label.end for label in nameless)
    found = await evaluation.driven(session, from_unix_microseconds(first), from_unix_microseconds(last), _NAMED + 1)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InvalidInput("No device has a trip in the time of these labels: import the drives' positions first.")
    several = ", ".join(found[:_NAMED]) + (", …" if len(found) > _NAMED else "")
    raise InvalidInput(
        f"Several devices drove in the time of these labels ({several}): say whose they are: --device ID."
    )


def _by_device(labels: Sequence[Label], otherwise: str) -> dict[str, list[Label]]:
    groups: defaultdict[str, list[Label]] = defaultdict(list)
    for label in labels:
        groups[label.device or otherwise].append(label)
    return groups


def _span(name: str, labels: Sequence[Label], within: int) -> Span:
    first, last = min(label.start for label in labels) - within, max(label.end for label in labels) + within
    return Span(name, from_unix_microseconds(first), from_unix_microseconds(last))


def _must_have_driven(covered: Covered) -> None:
    if covered.device_id is None:
        raise InvalidInput(f"There is no device {covered.unique_id}: `roadlens devices list` shows those there are.")
    if not covered.trips:
        raise InvalidInput(
            f"{covered.unique_id} has no trip in the time of its labels ({covered.first:%Y-%m-%d} to "
            f"{covered.last:%Y-%m-%d}): import the drives' positions first, with --register."
        )
