"""The table of numbers: complete, kept in a database and read back, and the same in the documentation."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from roadlens.errors import SetupError
from roadlens.scoring.parameters import DEFAULT, Parameters, table

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


def test_every_number_has_a_unit_and_a_source() -> None:
    assert all(unit and source for _, _, unit, source in table())


def test_the_greatest_risk_is_a_hundred_points() -> None:
    assert sum(value for name, value, unit, _ in table() if name.startswith("risk_") and unit == "points") == 100


def test_the_documentation_shows_the_table() -> None:
    shown = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert shown == [(name, f"{value:g}", unit, source) for name, value, unit, source in table()]
