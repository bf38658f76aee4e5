"""Puts a run's numbers into a page of documentation, between two marks; what people wrote around them stays."""

from __future__ import annotations

import re
from pathlib import Path

_BEGIN, _END = "<!-- numbers: begin -->", "<!-- numbers: end -->"
_BETWEEN = re.compile(f"{re.escape(_BEGIN)}.*{re.escape(_END)}", re.DOTALL)


def put(page: Path, numbers: str) -> None:
    """Replace the numbers of a page.

    Raises:
        ValueError: it has no marks.
    """
    text = page.read_text()
    if not _BETWEEN.search(text):
        raise ValueError(f"{page} has no marks to put numbers between: {_BEGIN} and {_END}")
    page.write_text(_BETWEEN.sub(lambda _: f"{_BEGIN}\n\n{numbers.strip()}\n\n{_END}", text))
