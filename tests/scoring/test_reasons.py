"""Reasons in words: which, in what order, with which numbers, and what would lower a score."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import given

from roadlens.scoring.parameters import DEFAULT
from roadlens.scoring.reasons import MOST_REASONS, Most, lower, no_score, reasons
from roadlens.scoring.risk import Exposure, risk
from tests.scoring.test_explanation import TERMS, explained
from tests.scoring.test_risk import KM, NOTHING, exposures

TRIP = UUID(int=7)
DAY = date(2026, 5, 4)


def driven(**done: Any) -> Exposure:
    return replace(NOTHING, distance_m=250 * KM, **done)


def test_the_driver_of_the_documentation() -> None:
    exposure = driven(harsh_braking=10, phone_use=1)
    most = {"harsh_braking": Most(TRIP, DAY, 3)}
    [reason] = reasons(explained(exposure), exposure.distance_m, most)
    assert (reason.code, reason.factor, reason.points, reason.trip_id) == (
        "harsh_braking_above_average",
        "harsh_braking",
        1.34,
        TRIP,
    )
    assert reason.text == (
        "Harsh braking: 10 in 250.0 km, 4.0 per 100 km; the portfolio's mean is 2.5 per 100 km. It counts as 3.2 per "
        "100 km, 1.3 times the mean, and adds 1.34 points over an average driver. Most in a trip on 4 May 2026: 3."
    )
    assert [(one.code, one.risk_score, one.text) for one in lower(explained(exposure))] == [
        ("without_harsh_braking", 21.77, "Without the 10 events of harsh braking: 21.77."),
        ("without_phone_use", 24.27, "Without the event of phone use: 24.27."),
    ]


def test_the_documentation_has_the_sentence() -> None:
    page = Path(__file__).parents[2] / "docs" / "scoring.md"
    exposure = driven(harsh_braking=10)
    [reason] = reasons(explained(exposure), exposure.distance_m, {})
    assert reason.text in page.read_text().replace("\n> ", " ")


def test_a_share_is_told_in_kilometres() -> None:
    exposure = driven(speeding_m=30_000, night_m=50_000)
    found = reasons(explained(exposure), exposure.distance_m, {"speeding_share": Most(TRIP, DAY, 9_120)})
    assert [reason.text for reason in found] == [
        "Distance above the limit: 30.0 of 250.0 km, 12.0 %; the portfolio's mean is 3.0 %. It counts as 7.5 %, 2.5 "
        "times the mean, and adds 3.11 points over an average driver. Most in a trip on 4 May 2026: 9.1 km.",
        "Distance at night: 50.0 of 250.0 km, 20.0 %; the portfolio's mean is 10.0 %. It counts as 15.0 %, 1.5 times "
        "the mean, and adds 0.96 points over an average driver.",
    ]
    assert [one.text for one in lower(explained(exposure))] == [
        "Without the 30.0 km above the limit: 22.29.",
        "Without the 50.0 km at night: 24.98.",
    ]


def test_rare_events_are_told_with_more_decimals() -> None:
    exposure = replace(NOTHING, distance_m=1000 * KM, phone_use=6)
    [reason] = reasons(explained(exposure), exposure.distance_m, {})
    assert "Phone use: 6 in 1000.0 km, 0.60 per 100 km; the portfolio's mean is 0.50 per 100 km." in reason.text


def test_who_is_average_or_better_has_no_reasons() -> None:
    assert reasons(explained(driven()), 250 * KM, {}) == []
    assert lower(explained(driven())) == []


def test_too_little_driving_is_a_reason_too() -> None:
    reason = no_score(TERMS, 12_340, DAY)
    assert reason.code == "too_little_driving"
    assert reason.text == "No score: 12.3 km in the 90 days up to 4 May 2026 say too little. It takes 50 km."


@given(exposures())
def test_the_strongest_come_first_and_are_few(exposure: Exposure) -> None:
    """And whatever would lower a score does, to what somebody would have who had never done it."""
    explanation = explained(exposure)
    found = reasons(explanation, exposure.distance_m, {})
    above = sorted((one.above_average for one in explanation.factors if one.above_average > 0), reverse=True)
    assert [reason.points for reason in found] == above[:MOST_REASONS]
    assert len({reason.code for reason in found}) == len(found)
    score = risk(DEFAULT, exposure).score
    assert score is not None
    options = [one.risk_score for one in lower(explanation)]
    assert options == sorted(options)
    assert all(option <= score for option in options)
