"""A short campaign over the whole API finds nothing; `make fuzz` is the long one."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = 20


@pytest.mark.system
def test_a_short_campaign_finds_nothing() -> None:
    arguments = ["--quick", "--examples", str(EXAMPLES), "--sequences", "10"]
    done = subprocess.run(
        [sys.executable, "-m", "fuzzing", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
    asked = {label: int(count.replace(",", "")) for label, count in re.findall(r"\| `(.+?)` \| ([\d,]+) ", done.stdout)}
    assert len(asked) > 50
    assert {label: count for label, count in asked.items() if count < EXAMPLES} == {}
