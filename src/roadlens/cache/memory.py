"""The level in the worker's own memory: bounded in bytes, what was used longest ago goes first."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable
from fnmatch import fnmatchcase

from roadlens.cache.entry import Entry
from roadlens.cache.observer import Observer


class Memory:
    """Entries under their keys. One event loop uses it; nothing here waits.

    Attributes:
        limit: bytes; 0 keeps nothing.
        used: bytes.
    """

    def __init__(self, limit: int, observer: Observer) -> None:
        self.limit = limit
        self.used = 0
        self._observer = observer
        self._entries: OrderedDict[str, tuple[Entry, str, int]] = OrderedDict()
        self._counts: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def get(self, key: str) -> Entry | None:
        """The entry under that key; it becomes the one used last."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: str, prefix: str, entry: Entry) -> None:
        """Keep an entry, unless it alone would take more than a quarter of the room."""
        self.remove(key)
        if self.limit == 0:
            return
        size = len(key) + entry.size()
        if size * 4 > self.limit:
            return
        self._entries[key] = (entry, prefix, size)
        entry.kept_under = key
        self._add(prefix, 1, size)
        self._make_room()

    def grown(self, entry: Entry) -> None:
        """Count an entry anew that something was added to, if it is kept here."""
        key = entry.kept_under
        found = self._entries.get(key)
        if found is not None and found[0] is entry:
            _, prefix, size = found
            grown = len(key) + entry.size()
            self._entries[key] = (entry, prefix, grown)
            self._add(prefix, 0, grown - size)
            self._make_room()

    def remove(self, key: str) -> None:
        """Forget what is under that key, if anything is."""
        found = self._entries.pop(key, None)
        if found is not None:
            self._add(found[1], -1, -found[2])

    def clear(self, pattern: str) -> int:
        """Forget what matches a pattern of keys; how many there were."""
        return self._remove_if(lambda key: fnmatchcase(key, pattern))

    def contents(self) -> dict[str, tuple[int, int]]:
        """By prefix, how many entries there are and of how many bytes."""
        return {prefix: (count, self._bytes[prefix]) for prefix, count in self._counts.items() if count}

    def _remove_if(self, goes: Callable[[str], bool]) -> int:
        going = [key for key in self._entries if goes(key)]
        for key in going:
            self.remove(key)
        return len(going)

    def _add(self, prefix: str, entries: int, size: int) -> None:
        self.used += size
        self._counts[prefix] += entries
        self._bytes[prefix] += size

    def _make_room(self) -> None:
        gone = 0
        while self.used > self.limit:
            _, (_, prefix, size) = self._entries.popitem(last=False)
            self._add(prefix, -1, -size)
            gone += 1
        if gone:
            self._observer.evicted(gone)
