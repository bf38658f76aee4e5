"""Every number of a score version has words on the dashboard: who adds one says there what it means."""

from __future__ import annotations

import re
from importlib import resources

from roadlens.scoring.parameters import table
from roadlens.scoring.risk import LABELS

WORDS = resources.files("roadlens.web") / "static" / "js" / "pages" / "scoring_words.js"


def test_every_number_has_words() -> None:
    text = WORDS.read_text()
    known = set(re.findall(r"^  (\w+): \"", text, re.MULTILINE))
    assert set(LABELS) <= known
    of_factors = {f"{kind}_{factor}" for kind in ("risk", "prior", "trip") for factor in LABELS}
    assert {name for name, *_ in table()} - known - of_factors == set()
