"""`telemetry.forces` once more, as expressions over a table: the strength of each harsh type at each row of a segment.

Every step is the one that the live code takes, in the same order, so that the same floating-point numbers come out.
Where that has NaN, there is NULL here: neither is greater than anything, and both are passed over by a maximum.
"""

from __future__ import annotations

from typing import Any

import ibis
from ibis.expr.types import BooleanValue, NumericValue, Table

from roadlens.telemetry.forces import LONGEST_BURST, TEARS

SECOND_US = 1_000_000
_MS2 = 1000.0


def with_strengths(rows: Table) -> Table:
    """Rows with `braking`, `acceleration` and `cornering`, where 1 is harsh and 0 nothing, and the force of each, m/s².

    Args:
        rows: `trip`, `segment`, `row` (their order), `at_us`, `speed_mms`, `east_mms`, `north_mms`, `course_known`,
            `left_out`, and the parameters of the trip's class.
    """
    known = rows.course_known != 0
    tears = [int(each) for each in TEARS]
    following = rows.left_out.lead(1).over(ibis.window(group_by=rows.trip, order_by=rows.row)).fill_null(0)
    moving = rows.mutate(
        torn=ibis.ifelse(rows.left_out.isin(tears) | following.isin(tears), 1, 0),
        speed_mms=rows.speed_mms.cast("float64"),
        east_mms=_if(known, rows.east_mms.cast("float64")),
        north_mms=_if(known, rows.north_mms.cast("float64")),
    )
    return _strengths(_swing(_extremes(_firm(_vectors(_means(moving))))))


def _means(rows: Table) -> Table:
    """Sums of three neighbouring rows, and what the rows before and after tell by themselves."""
    lasted = _lasted(rows, -1, 1)
    close = _close(rows, -1, 1)
    by = (rows.east_mms * rows.east_mms + rows.north_mms * rows.north_mms).sqrt() * lasted
    east_change, north_change = (_at(rows, name, 1) - _at(rows, name, -1) for name in ("east_mms", "north_mms"))
    across = east_change * rows.north_mms - north_change * rows.east_mms
    segment = ibis.window(group_by=[rows.trip, rows.segment])
    return rows.mutate(
        speeds=_threes(rows, "speed_mms"),
        times=_threes(rows, "at_us"),
        east=_threes(rows, "east_mms"),
        north=_threes(rows, "north_mms"),
        raw=_if(close, _per_us(_at(rows, "speed_mms", 1) - _at(rows, "speed_mms", -1)) / lasted),
        raw_across=(_per_us(across) / _if(close & (by > 0), by)).abs(),
        slowest=_greatest(rows, -rows.speed_mms, -3, 0),
        burst=(rows.row.count().over(segment) <= LONGEST_BURST) & (rows.torn.max().over(segment) == 0),
    )


def _vectors(rows: Table) -> Table:
    """The smoothed acceleration, and how the mean velocity changes."""
    change, lasted = _at(rows, "speeds", 1) - _at(rows, "speeds", -1), _at(rows, "times", 1) - _at(rows, "times", -1)
    around = (_at(rows, "times", 2) - _at(rows, "times", -2)).cast("float64")
    by = (rows.east * rows.east + rows.north * rows.north).sqrt() * around
    return rows.mutate(
        smooth=_if(_close(rows, -2, 2), _per_us(change) / lasted.cast("float64")),
        east_change=_at(rows, "east", 2) - _at(rows, "east", -2),
        north_change=_at(rows, "north", 2) - _at(rows, "north", -2),
        by=_if(_close(rows, -3, 3) & (by > 0), by),
        fallen=_if(_at(rows, "slowest", -2) > -rows.gps_start_from_mms, _at(rows, "speed_mms", -1) - rows.speed_mms),
    )


def _firm(rows: Table) -> Table:
    """Forces by many rows; and in a burst, where these are not there, those by few."""
    along = _per_us(rows.east_change * rows.east + rows.north_change * rows.north) / rows.by
    across = (_per_us(rows.east_change * rows.north - rows.north_change * rows.east) / rows.by).abs()
    return rows.mutate(
        along=along.abs(),
        across=across,
        firm=rows.smooth.fill_null(_if(rows.burst, rows.raw)),
        firm_across=across.fill_null(_if(rows.burst, rows.raw_across)),
    )


def _extremes(rows: Table) -> Table:
    """The greatest of each in a few rows around."""
    return rows.mutate(
        bend=_greatest(rows, rows.across, -3, 3),
        along_most=_greatest(rows, rows.along, -2, 2),
        braked=_greatest(rows, -rows.smooth, -2, 0),
        greatest_in_two=_greatest(rows, rows.smooth, 0, 2),
        greatest_in_three=_greatest(rows, rows.smooth, 0, 3),
        raw_before=_at(rows, "raw", -3),
        stumble=_greatest(rows, rows.fallen, -4, 0),
        close_in_rise=_close(rows, -4, 1),
        braking_ms2=_greatest(rows, -rows.firm, 0, 2),
        acceleration_ms2=_greatest(rows, rows.firm, 0, 2),
    )


def _swing(p: Table) -> Table:
    """How strongly each row lets braking go: it is braking two rows before."""
    straight = _true(p.bend < p.gps_bend_ms2)
    let_go = straight & (p.speed_mms >= p.gps_braking_from_mms) & (p.braked >= p.gps_braking_at_least_ms2)
    swing = (p.greatest_in_two + p.braked) / p.gps_braking_swing_ms2
    return p.mutate(straight=straight, swing=_or_nothing(let_go, swing))


def _strengths(p: Table) -> Table:
    """`p` has the parameters too, by their names."""
    sudden = p.straight & (p.speed_mms >= p.gps_acceleration_from_mms) & p.close_in_rise
    sudden = sudden & (p.greatest_in_three >= p.gps_acceleration_at_least_ms2)
    rise = (p.raw - p.raw_before) / (_lasted(p, -3, 0) / ibis.literal(3.0 * SECOND_US)) / p.gps_acceleration_swing_ms2
    start = _or_nothing(p.raw >= p.gps_start_ms2, p.stumble / p.gps_start_stumble_mms)
    rolls = p.speed_mms >= p.cornering_speed_at_least_mms
    both = p.along_most >= p.gps_cornering_along_ms2
    cornering = ibis.greatest(
        p.firm_across / p.gps_cornering_ms2, _or_nothing(both, p.across / p.gps_cornering_across_ms2)
    )
    return p.mutate(
        braking=_strength(-p.firm / p.gps_braking_ms2, _at(p, "swing", 2)),
        acceleration=_strength(p.firm / p.gps_acceleration_ms2, _or_nothing(sudden, rise), start),
        cornering=_strength(_or_nothing(rolls, cornering)),
        cornering_ms2=p.firm_across,
    )


def _per_us(value: NumericValue) -> NumericValue:
    """mm/s in a microsecond as m/s²."""
    return ibis.literal(_MS2) * value


def _strength(*found: NumericValue) -> NumericValue:
    return ibis.greatest(*found, ibis.literal(0.0))


def _or_nothing(condition: BooleanValue, value: NumericValue) -> NumericValue:
    return ibis.ifelse(_true(condition), value, ibis.literal(0.0))


def _if(condition: BooleanValue, value: NumericValue) -> NumericValue:
    return ibis.ifelse(_true(condition), value, ibis.null("float64"))


def _true(condition: BooleanValue) -> BooleanValue:
    return condition.fill_null(False)


def _window(rows: Table, **frame: Any) -> Any:
    return ibis.window(group_by=[rows.trip, rows.segment], order_by=rows.row, **frame)


def _at(rows: Table, name: str, offset: int) -> Any:
    """Each row's neighbour so many rows later, in its segment."""
    column = rows[name]
    return (column.lead(offset) if offset > 0 else column.lag(-offset)).over(_window(rows))


def _threes(rows: Table, name: str) -> NumericValue:
    return _at(rows, name, -1) + rows[name] + _at(rows, name, 1)


def _lasted(rows: Table, before: int, after: int) -> NumericValue:
    """Microseconds between two of the rows beside each."""
    later = rows.at_us if after == 0 else _at(rows, "at_us", after)
    return (later - _at(rows, "at_us", before)).cast("float64")


def _close(rows: Table, before: int, after: int) -> BooleanValue:
    """Whether all rows of a window are there, and it lasts no longer than it should by more than a missing fix."""
    longest = (ibis.literal(float(after - before)) + rows.window_slack_s) * ibis.literal(float(SECOND_US))
    return _true(_lasted(rows, before, after) <= longest)


def _greatest(rows: Table, values: NumericValue, before: int, after: int) -> NumericValue:
    """The greatest value of the rows in a window; NULL where none has any."""
    if after == 0:
        return values.max().over(_window(rows, preceding=-before, following=0))
    return values.max().over(_window(rows, preceding=-before, following=after))
