"""A short campaign over the whole API finds nothing; `make fuzz` is the long one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = 20
# Of which too few would be judged in so short a campaign: what they are about runs out soonest.
SCARCE = r"/events/review$|/events/\{|/assignments/\{|/drivers/\{driver_id\}/erase$"


@pytest.mark.system
def test_a_short_campaign_finds_nothing() -> None:
    asked = _asked("--examples", str(EXAMPLES), "--sequences", "10")
    assert len(asked) > 50
    assert {label: count for label, count in asked.items() if count < EXAMPLES} == {}


@pytest.mark.system
def test_what_is_asked_of_scarce_things_is_done() -> None:
    asked = _asked("--examples", "200", "--sequences", "0", "--only", SCARCE)
    assert len(asked) == 7


def _asked(*arguments: str) -> dict[str, int]:
    """How much was asked of each operation by a campaign that must find nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "fuzzing", "--quick", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    return {label: int(count.replace(",", "")) for label, count in re.findall(r"\| `(.+?)` \| ([\d,]+) ", done.stdout)}
