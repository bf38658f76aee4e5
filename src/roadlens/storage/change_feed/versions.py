"""A worker's map of the tags' versions. Knows how changes are put into it; not where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from roadlens.storage.change_feed.messages import Raised

# Of a tag that has never changed.
NEVER = "0"


class Map:
    """The version of each tag, such as `41-9f3c2a10`, and a number that rises whenever one of them may have changed."""

    __slots__ = ("_versions", "epoch")

    def __init__(self) -> None:
        self._versions: dict[str, str] = {}
        self.epoch = 0

    def of(self, tags: Sequence[str]) -> tuple[str, ...]:
        known = self._versions
        return tuple([known.get(tag, NEVER) for tag in tags])

    def replace(self, loaded: Iterable[Raised]) -> None:
        """Begin anew: nothing of before holds."""
        self._versions = {tag: f"{counter}-{nonce}" for tag, counter, nonce in loaded}
        self.epoch += 1

    def apply(self, raised: Iterable[Raised]) -> None:
        """Take in what a transaction raised. What was loaded may be newer: the higher counter stays."""
        for tag, counter, nonce in raised:
            known = self._versions.get(tag)
            if known is None or int(known.partition("-")[0]) < counter:
                self._versions[tag] = f"{counter}-{nonce}"
        self.epoch += 1

    def doubt(self) -> None:
        """What was put together before is not to be used again without looking."""
        self.epoch += 1
