"""What a worker knows of the tags, held in a dict: the test says what it hears, and when it may believe it."""

from __future__ import annotations

from collections.abc import Sequence


class KnownVersions:
    """A `cache.versions.Versions`. Several of them are several workers: each hears of a change when it is told.

    Attributes:
        known: the version of each tag.
    """

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.epoch = 0
        self._trusted = True

    def trusted(self) -> bool:
        return self._trusted

    def of(self, tags: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.known.get(tag, "0") for tag in tags)

    def raise_(self, tag: str) -> None:
        """Hear that the tag has changed once more."""
        self.apply(tag, f"{int(self.known.get(tag, '0').partition('-')[0]) + 1}-5eed")

    def apply(self, tag: str, version: str) -> None:
        """Hear of the tag's version."""
        self.known[tag] = version
        self.epoch += 1

    def distrust(self) -> None:
        """The connection is lost."""
        self._trusted = False
        self.epoch += 1

    def trust(self) -> None:
        """The worker has attached again."""
        self._trusted = True
        self.epoch += 1
