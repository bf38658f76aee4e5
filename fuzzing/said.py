"""Reads what a server has printed for exceptions that reached its log, in lines of JSON and as Python prints them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence


def raised(said: Sequence[str]) -> set[str]:
    """Each exception with where it came from: an answer may be as it should be although something broke."""
    return {*_logged(said), *_printed(said)}


def _logged(said: Sequence[str]) -> Iterator[str]:
    """The log's own lines: what happened, then the frames from the innermost on."""
    for line in said:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and (exception := entry.get("exception")):
            what, *frames = map(str.strip, str(exception).splitlines())
            ours = [frame for frame in frames if frame.startswith("at roadlens/")]
            yield f"{what} ({[*ours, *frames, 'nowhere'][0]}): {entry.get('message')}"


def _printed(said: Sequence[str]) -> Iterator[str]:
    """What no log has taken."""
    where, inside = "", False
    for line in said:
        if line.startswith("Traceback"):
            inside = True
        elif inside and line.startswith("  File"):
            where = line.strip()
        elif inside and line.strip() and not line.startswith(" "):
            yield f"{line.strip()} ({where})"
            inside = False
