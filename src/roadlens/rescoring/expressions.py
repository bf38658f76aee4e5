"""The rules as expressions, once, for any engine that ibis compiles for: what trips show, and what they add up to.

What is found are stretches and alarms; which of them are one event is for `telemetry.derive.together`, which is live.
Only what gives the same bits on every engine is used: see docs/rescoring.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import ibis
from ibis.expr.types import BooleanValue, Table

from roadlens.domain import EVENT_TYPES, EventType
from roadlens.rescoring.forces import with_strengths
from roadlens.telemetry.seconds import MM_PER_M, LeftOut
from roadlens.telemetry.track import KMH_PER_MS

# What an exported file holds: the rows of trips, and fixes between them that carry alarms (these have `row` -1).
FIXES: Final[Mapping[str, str]] = {
    "trip": "int64",
    "row": "int64",
    "category": "int64",
    "at_us": "int64",
    "latitude": "float64",
    "longitude": "float64",
    "speed_kmh": "float64",
    "alarms": "int64",
    "speed_mms": "int64",
    "east_mms": "int64",
    "north_mms": "int64",
    "course_known": "int64",
    "limit_mms": "int64",
    "step_mm": "int64",
    "left_out": "int64",
    "segment": "int64",
    "night": "boolean",
    "rush_hour": "boolean",
}

_KINDS: Final = {kind: number for number, kind in enumerate(EVENT_TYPES)}
_SPEEDING: Final = _KINDS[EventType.SPEEDING]
_PLACE: Final = ("latitude", "longitude", "speed_kmh")
_SHOWN: Final = (
    "trip",
    "row",
    "at_us",
    "segment",
    "joined",
    "over_mms",
    *("braking", "acceleration", "cornering"),
    *("braking_ms2", "acceleration_ms2", "cornering_ms2"),
    *("speeding_tolerance_mms", "speeding_at_least_us", "manoeuvre_hysteresis", "manoeuvre_at_least_us"),
    *_PLACE,
)
_SIGN: Final = ("trip", "kind", "first_us", "worst_us", "last_us", "strength", "severity", *_PLACE)


def shown(fixes: Table, classes: Table) -> Table:
    """What each row shows. `results` asks for it twice, so an engine may keep it, and give it to that as a table."""
    return with_strengths(_rows(_judged(fixes, classes))).select(*_SHOWN)


def results(fixes: Table, classes: Table, kept: Table | None = None) -> dict[str, Table]:
    """By name: `signs`, `sums` and `over`. They are sets: their rows come in any order.

    signs: `trip`, `kind` (place in `EVENT_TYPES`), `first_us`, `worst_us`, `last_us`, `strength`, `severity`, and
        `latitude`, `longitude`, `speed_kmh` of the worst row. An alarm has no strength (NULL) and is worst when it is
        raised; its severity is what the positions show around it (NULL: nothing).
    sums: `trip`, `speeding_us`, `speeding_mm`, `night_mm`, `rush_hour_mm`.
    over: `trip`, `at_us`, `step_mm`, `lasted_us` of each row above the limit, where its speed holds.

    Args:
        fixes: of the schema `FIXES`.
        classes: of the schema `classes.schema()`; one row for each `category`.
        kept: what `shown` gives for these, where it is a table.
    """
    judged = _judged(fixes, classes)
    seen = shown(fixes, classes) if kept is None else kept
    timed = _timed(_rows(judged))
    over = timed.filter(timed.speeds).select("trip", "at_us", "step_mm", lasted_us=timed.lasted)
    return {"signs": _stretches(seen).union(_alarms(judged, seen)), "sums": _sums(timed), "over": over}


def _judged(fixes: Table, classes: Table) -> Table:
    return fixes.inner_join(classes, "category")


def _rows(judged: Table) -> Table:
    return _with_speeding(judged.filter(judged.row >= 0))


def _with_speeding(rows: Table) -> Table:
    """Rows with `over_mms`: how far they are above the limit that holds, tolerance not taken off."""
    device = rows.limit_mms
    ours = ibis.ifelse(device > 0, ibis.least(device, rows.speed_at_most_mms), rows.speed_at_most_mms)
    otherwise = ibis.ifelse(device > 0, device, rows.speed_limit_otherwise_mms)
    limit = ibis.ifelse(rows.speed_at_most_mms > 0, ours, otherwise)
    followed = rows.left_out < int(LeftOut.FROZEN)
    # Behind each interval that the speed does not hold for, another stretch of road begins.
    window = ibis.window(group_by=rows.trip, order_by=rows.row, preceding=None, following=0)
    joined = ibis.ifelse(followed, 0, 1).sum().over(window).cast("int64")
    return rows.mutate(over_mms=rows.speed_mms - limit, followed=followed, joined=joined)


def _timed(rows: Table) -> Table:
    """Rows with whether they speed, and how long the interval before them lasted."""
    speeds = rows.followed & (rows.over_mms >= rows.speeding_tolerance_mms)
    window = ibis.window(group_by=rows.trip, order_by=rows.row)
    lasted = rows.at_us - rows.at_us.lag().over(window)
    return rows.mutate(speeds=speeds, lasted=lasted.fill_null(0))


def _sums(timed: Table) -> Table:
    return timed.group_by("trip").agg(
        speeding_us=_sum(timed, "lasted", timed.speeds),
        speeding_mm=_sum(timed, "step_mm", timed.speeds),
        night_mm=_sum(timed, "step_mm", timed.night),
        rush_hour_mm=_sum(timed, "step_mm", timed.rush_hour),
    )


def _sum(rows: Table, name: str, where: BooleanValue) -> Any:
    return ibis.ifelse(where, rows[name], 0).sum().cast("int64")


def _by_kind(rows: Table, kinds: int) -> Table:
    """Each row once for each of the first so many kinds."""
    return rows.mutate(kind=ibis.array([ibis.literal(kind, "int64") for kind in range(kinds)]).unnest())


def _candidates(shown: Table) -> Table:
    """Rows once for each type that positions can show, if they show one strongly enough to be part of a stretch."""
    harsh = shown.manoeuvre_hysteresis
    some = shown.filter(
        (shown.braking >= harsh)
        | (shown.acceleration >= harsh)
        | (shown.cornering >= harsh)
        | (shown.over_mms >= shown.speeding_tolerance_mms)
    )
    each = _by_kind(some, _SPEEDING + 1)
    lasting = each.kind == _SPEEDING
    tolerance = each.speeding_tolerance_mms.cast("float64")
    each = each.mutate(
        strength=_of(each.kind, each.braking, each.acceleration, each.cornering, each.over_mms.cast("float64")),
        severity=_severity(each.kind, each),
        begins_at=ibis.ifelse(lasting, tolerance, each.manoeuvre_hysteresis),
        counts_at=ibis.ifelse(lasting, tolerance, 1.0),
        lasts_us=ibis.ifelse(lasting, each.speeding_at_least_us, each.manoeuvre_at_least_us),
        run_in=ibis.ifelse(lasting, each.joined, each.segment),
    )
    return each.filter(each.strength >= each.begins_at)


def _severity(kind: Any, rows: Table) -> Any:
    over = rows.over_mms.cast("float64") * KMH_PER_MS / float(MM_PER_M)
    return _of(kind, rows.braking_ms2, rows.acceleration_ms2, rows.cornering_ms2, over)


def _of(kind: Any, braking: Any, acceleration: Any, cornering: Any, speeding: Any) -> Any:
    return ibis.cases((kind == 0, braking), (kind == 1, acceleration), (kind == 2, cornering), else_=speeding)


def _stretches(shown: Table) -> Table:
    beyond = _candidates(shown)
    among = ibis.window(group_by=[beyond.trip, beyond.kind, beyond.run_in], order_by=beyond.row)
    # In a run of neighbouring rows, both numbers rise by one.
    runs = beyond.mutate(run=beyond.row - ibis.row_number().over(among).cast("int64"))
    keys = [runs.trip, runs.kind, runs.run_in, runs.run]
    whole = ibis.window(group_by=keys)
    worst_first = ibis.window(group_by=keys, order_by=[runs.strength.desc(), runs.row])
    told = runs.mutate(
        place=ibis.row_number().over(worst_first).cast("int64"),
        first_us=runs.at_us.min().over(whole),
        last_us=runs.at_us.max().over(whole),
    )
    lasted = (told.last_us - told.first_us).cast("float64")
    counted = told.filter((told.place == 0) & (told.strength >= told.counts_at) & (lasted >= told.lasts_us))
    return counted.mutate(worst_us=counted.at_us).select(*_SIGN)


def _alarms(judged: Table, shown: Table) -> Table:
    raised = _by_kind(judged.filter(judged.alarms != 0), len(EVENT_TYPES))
    raised = raised.filter((raised.alarms & (ibis.literal(1, "int64") << raised.kind)) != 0)
    lasting = raised.kind >= _SPEEDING
    raised = raised.mutate(margin_us=ibis.ifelse(lasting, raised.same_episode_us, raised.same_manoeuvre_us))
    window = ibis.window(group_by=[raised.trip, raised.kind], order_by=raised.at_us)
    since = raised.at_us - raised.at_us.lag().over(window)
    parted = raised.mutate(fresh=ibis.ifelse((since > raised.margin_us).fill_null(True), 1, 0))
    window = ibis.window(group_by=[parted.trip, parted.kind], order_by=parted.at_us, preceding=None, following=0)
    spans = parted.mutate(span=parted.fresh.sum().over(window).cast("int64"))
    whole = ibis.window(group_by=[spans.trip, spans.kind, spans.span])
    spans = spans.mutate(last_us=spans.at_us.max().over(whole))
    spans = spans.filter(spans.fresh == 1)
    around = ibis.ifelse(spans.kind >= _SPEEDING, 0, spans.alarm_around_us)
    spans = spans.select(
        "trip",
        "kind",
        "last_us",
        *_PLACE,
        first_us=spans.at_us,
        seen_from_us=spans.at_us - around,
        seen_until_us=spans.last_us + around,
    )
    return _with_severity(spans, shown)


def _with_severity(spans: Table, shown: Table) -> Table:
    """The greatest severity that rows of the span show."""
    rows = shown.select("trip", "at_us", "braking_ms2", "acceleration_ms2", "cornering_ms2", "over_mms")
    near = spans.filter(spans.kind <= _SPEEDING).inner_join(
        rows,
        [spans.trip == rows.trip, rows.at_us >= spans.seen_from_us, rows.at_us <= spans.seen_until_us],
    )
    near = near.mutate(severity=_severity(near.kind, near))
    seen = near.filter(near.severity > 0).group_by("trip", "kind", "first_us").agg(severity=lambda t: t.severity.max())
    found = spans.left_join(seen, ["trip", "kind", "first_us"])
    return found.mutate(worst_us=found.first_us, strength=ibis.null("float64")).select(*_SIGN)
