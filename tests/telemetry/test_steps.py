"""The list of steps is what the documentation says, and a moment told twice is one fix that loses no alarm."""

from __future__ import annotations

import re
from pathlib import Path

from roadlens.domain import EventType
from roadlens.storage.binary import Positions
from roadlens.telemetry.steps import STEPS, one_a_moment
from tests.support.fleet import array, fix

PAGE = Path(__file__).parents[2] / "docs" / "telemetry.md"
BRAKING, SPEEDING = EventType.HARSH_BRAKING.bit, EventType.SPEEDING.bit


def test_the_documentation_lists_the_steps_in_their_order() -> None:
    section = PAGE.read_text().split("## The steps")[1].split("\n## ")[0]
    listed = re.findall(r"^\| ([a-z][a-z -]*?) \|", section, re.MULTILINE)
    names = [name.replace("de-", "de").replace(" ", "_") for name in listed if name != "step"]
    assert names == [step.__name__ for step in STEPS]


def merged(fixes: Positions) -> list[tuple[int, float, int]]:
    found = one_a_moment(fixes)
    return [(int(each["digest"]), float(each["speed_kmh"]), int(each["alarms"])) for each in found]


def test_a_moment_told_twice_is_its_first_report_with_the_alarms_of_all() -> None:
    fixes = array([
        fix(1, 10, digest=-7),
        fix(1, 20, digest=5, alarms=BRAKING),
        fix(1, 30, digest=9, alarms=SPEEDING),
        fix(2, 40),
        fix(3, 50, digest=1, alarms=SPEEDING),
        fix(3, 60, digest=2),
    ])  # fmt: skip
    assert merged(fixes) == [(-7, 10, BRAKING | SPEEDING), (0, 40, 0), (1, 50, SPEEDING)]
    assert fixes["alarms"][0] == 0


def test_moments_told_once_stay_as_they_are() -> None:
    fixes = array([fix(1, alarms=BRAKING), fix(2)])
    assert one_a_moment(fixes).tolist()[0][:3] == fixes.tolist()[0][:3]
    assert len(one_a_moment(fixes)) == 2
    assert len(one_a_moment(array([]))) == 0
