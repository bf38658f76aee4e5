"""The table of numbers: complete, kept in a database and read back, and the same in the documentation."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from roadlens.errors import SetupError
from roadlens.scoring.parameters import DEFAULT, FORMULA_1, ROWS, Parameters, table

FIRST = {each.name for each in fields(Parameters) if each.metadata.get("since") == FORMULA_1}
PAGE = Path(__file__).parents[2] / "docs" / "scoring.md"


def test_a_version_is_read_back_as_it_was_stored() -> None:
    changed = replace(DEFAULT, risk_window_days=30, prior_phone_use=0.75)
    assert Parameters.from_dict(json.loads(json.dumps(changed.as_dict()))) == changed


def test_values_of_a_newer_program_are_passed_over() -> None:
    assert Parameters.from_dict(DEFAULT.as_dict() | {"of_tomorrow": 1}) == DEFAULT


@pytest.mark.parametrize(
    "stored", [{}, DEFAULT.as_dict() | {"formula": "other"}, {"formula": DEFAULT.as_dict()["formula"]}]
)
def test_another_formula_or_half_a_version_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(SetupError, match="formula"):
        Parameters.from_dict(stored)


def test_a_version_of_the_first_formula_lacks_what_came_later() -> None:
    """The row that databases were given by the releases before."""
    first = {name: 1.0 for name in ROWS if name in FIRST} | {"formula": FORMULA_1, "gps_braking_ms2": 2.2}
    found = Parameters.from_dict(first)
    assert (found.formula, found.gps_braking_ms2, found.classes) == (FORMULA_1, 2.2, ())
    del first["gps_braking_ms2"]
    with pytest.raises(SetupError, match="gps_braking_ms2"):
        Parameters.from_dict(first)


@pytest.mark.parametrize("value", ["3", None, True, float("nan"), float("inf"), [3]])
def test_a_value_that_is_no_number_is_named(value: object) -> None:
    with pytest.raises(SetupError, match="gps_braking_ms2"):
        Parameters.from_dict(DEFAULT.as_dict() | {"gps_braking_ms2": value})
    with pytest.raises(SetupError, match=r"van\.gps_braking_ms2"):
        Parameters.from_dict(DEFAULT.as_dict() | {"classes": {"van": {"gps_braking_ms2": value}}})


@pytest.mark.parametrize(
    ("classes", "says"),
    [
        ({"van": {"standing_below_kmh": 1}}, "standing_below_kmh"),
        ({"van": {"risk_night_share": 1}}, "risk_night_share"),
        ({"van": {"of_tomorrow": 1}}, "of_tomorrow"),
        ({"Van": {}}, "lower case"),
        ({"": {}}, "lower case"),
        ({"van": 3}, "truck"),
        ([1], "truck"),
    ],
)
def test_a_class_can_change_what_is_an_event_and_nothing_else(classes: object, says: str) -> None:
    with pytest.raises(SetupError, match=says):
        Parameters.from_dict(DEFAULT.as_dict() | {"classes": classes})


def test_a_class_has_the_table_but_for_its_own() -> None:
    own = {"van": {"speed_at_most_kmh": 100}}
    found = Parameters.from_dict(DEFAULT.as_dict() | {"classes": own})
    assert found.for_class(" VAN") == replace(found, speed_at_most_kmh=100.0)
    assert found.for_class("truck") is found
    assert found.as_dict()["classes"] == own


def test_the_default_version_knows_that_trucks_brake_less() -> None:
    assert DEFAULT.for_class("truck").gps_braking_ms2 == pytest.approx(DEFAULT.gps_braking_ms2 * 5.0 / 6.43, abs=0.01)


def test_every_number_has_a_unit_and_a_source() -> None:
    assert all(unit and source for _, _, unit, source in table())


def test_the_greatest_risk_is_a_hundred_points() -> None:
    assert sum(value for name, value, unit, _ in table() if name.startswith("risk_") and unit == "points") == 100


def test_the_documentation_shows_the_table() -> None:
    shown = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert shown == [(name, f"{value:g}", unit, source) for name, value, unit, source in table()]
