"""Makes text fit for a log: one line, no control over a terminal, no secret, and of an exception no value.

Exceptions repeat the values that they were given, which may be personal data. So a message is told only where its kind
is known to hold none: who meets another kind learns its type, and where it was raised.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import traceback
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Final

from roadlens.errors import RoadlensError

HIDDEN: Final = "…"

# Control characters of both sets, what Unicode takes for the end of a line, what turns the direction of writing, and
# halves of surrogates, which no encoding has.
_UNFIT: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

# What a secret looks like wherever it stands: in addresses, in libpq's settings, in headers, tokens of ours; addresses
# of people.
_SECRETS: Final = (
    (re.compile(r"(://[^\s:/@]*:)\S*@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)\b((?:password|passwd|pwd|secret|access_token|token)\s*[=:]\s*)[^\s,;&]+"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),
    (re.compile(r"\brlt_[\w-]+"), HIDDEN),
    (re.compile(r"(?<!/)\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), HIDDEN),
)
# A shorter one would be found in words that have nothing to do with it.
_SHORTEST_SECRET: Final = 6

# Python's own say which name or type of the code is wrong, where it was our code or something that it called.
_OF_CODE: Final = (AttributeError, NameError, ImportError, TypeError)
# What cannot be reached, or not now: these name hosts, ports and users, and no data. By library, for none of them is
# imported here.
_OF_OPERATION: Final = {
    "psycopg": frozenset({"OperationalError", "InterfaceError"}),
    "redis": frozenset({"ConnectionError", "TimeoutError"}),
}
# The class of SQLSTATEs for what is wrong with a statement itself, in which no values stand (PostgreSQL, appendix A).
_OF_STATEMENT: Final = "42"

_OURS: Final = f"{__name__.partition('.')[0]}."
_OUR_FILES: Final = f"{PurePath(__file__).parents[1]}{os.sep}"

_LONGEST_MESSAGE: Final = 300
_MOST_FRAMES: Final = 12
_MOST_ERRORS: Final = 6


class Wording:
    """Knows the secrets of this process, to leave them out wherever they stand."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def line(self, text: str) -> str:
        """The text without secrets, in one line."""
        return clean(self._without_secrets(text.rstrip()))

    def told(self, error: BaseException) -> str:
        """An exception in one line: its type, and its message if that holds no value."""
        said = self.line(_message(error))[:_LONGEST_MESSAGE]
        return f"{_name(error)}: {said}" if said else _name(error)

    def trace(self, error: BaseException) -> list[str]:
        """An exception, where it was raised, and what led to it; the last thing that happened comes first."""
        lines: list[str] = []
        for number, found in enumerate(_chain(error)):
            if number == _MOST_ERRORS:
                lines.append("and more")
                break
            lines.append(f"{'after ' if number else ''}{self.told(found)}")
            lines += _places(found)
        return lines

    def _without_secrets(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for form, instead in _SECRETS:
            text = form.sub(instead, text)
        return text


def clean(text: str) -> str:
    """The text with an escape, such as `\\x1b`, for whatever would begin a line or speak to a terminal."""
    return _UNFIT.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found[0])
    return {"\n": r"\n", "\r": r"\r", "\t": r"\t"}.get(found[0]) or (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    )


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _message(error: BaseException) -> str:
    """What it says, if that holds no value; nothing otherwise."""
    if isinstance(error, RoadlensError):
        return error.detail
    if isinstance(error, OSError):
        return _of_system(error)
    sqlstate = _sqlstate(error)
    said = str(getattr(error, "orig", error)).strip().partition("\n")[0] if _holds_no_value(error) else ""
    return f"{said}{sqlstate}".strip()


def _holds_no_value(error: BaseException) -> bool:
    if isinstance(error, _OF_CODE):
        frames = _frames(error)
        return not frames or frames[0].filename.startswith(_OUR_FILES)
    cause = getattr(error, "orig", error)  # the driver's own error, which SQLAlchemy wraps in one of the same name
    if (getattr(getattr(cause, "diag", None), "sqlstate", None) or "").startswith(_OF_STATEMENT):
        return True
    return any(
        kind.__module__.startswith(_OURS) or kind.__name__ in _OF_OPERATION.get(kind.__module__.partition(".")[0], ())
        for kind in type(cause).__mro__
    )


def _of_system(error: OSError) -> str:
    """By its number, for the words that came with it may name a file, or an address that somebody typed."""
    if isinstance(error, ssl.SSLError):
        return f"{error.reason}" if error.reason else ""
    if error.errno is None:
        return ""
    words = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno)
    return f"{words} (errno {error.errno})"


def _sqlstate(error: BaseException) -> str:
    """What PostgreSQL says of an error besides its message, as far as that is no data."""
    diagnosis = getattr(getattr(error, "orig", error), "diag", None)
    if diagnosis is None or not getattr(diagnosis, "sqlstate", None):
        return ""
    constraint = f", constraint {diagnosis.constraint_name}" if diagnosis.constraint_name else ""
    return f" (SQLSTATE {diagnosis.sqlstate}{constraint})"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, the errors that it holds, and those that it came after."""
    seen: set[int] = set()
    ahead: list[BaseException] = [error]
    while ahead:
        found = ahead.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, BaseExceptionGroup):
            ahead += found.exceptions
        if (before := found.__cause__ or (None if found.__suppress_context__ else found.__context__)) is not None:
            ahead.append(before)


def _places(error: BaseException) -> list[str]:
    """Where it was raised and by way of which calls, the innermost first; the middle of a long way is left out."""
    frames = [f"  at {_file(frame.filename)}:{frame.lineno} {frame.name}" for frame in _frames(error)]
    if len(frames) > _MOST_FRAMES:
        half = _MOST_FRAMES // 2
        frames = [*frames[:half], f"  … {len(frames) - _MOST_FRAMES} more", *frames[-half:]]
    return frames


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return list(reversed(traceback.extract_tb(error.__traceback__)))


def _file(name: str) -> str:
    """The path below where packages lie: where that is on this machine is nobody's business."""
    parts = PurePath(name).parts
    for root in ("site-packages", "src"):
        if root in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(root) :])
    return "/".join(parts[-2:])
