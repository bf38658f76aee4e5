"""The fixes of devices that were heard of a moment ago, so that a trip under way is not read again with every position.

A copy is only used while nothing can have changed beneath it. Each is kept with the stamp that its device's row of
`device_progress` had when the transaction that read or stored these fixes ended. A delivery holds that row, and finds
another stamp on it if anybody else, in whatever process, has stored since: then the copy is useless, and never wrong.
Knows no SQL.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from roadlens.storage.binary import Positions
from roadlens.storage.writes.devices import Stamp

MOST_BYTES = 64 * 1024 * 1024


class Recent(NamedTuple):
    """All fixes of a device from `first` on (Unix microseconds; None: all there are), by time and digest."""

    stamp: Stamp
    first: int | None
    fixes: Positions

    def covers(self, first: int | None) -> bool:
        """Whether a window that begins there is all in here."""
        return self.first is None or (first is not None and self.first <= first)


class Memory:
    """Keeps what was heard last, up to so many bytes."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[int, Recent] = OrderedDict()

    @property
    def bytes(self) -> int:
        """How much the fixes take."""
        return self._bytes

    def find(self, device_id: int, stamp: Stamp) -> Recent | None:
        """What is known of a device, if nobody has stored anything of it since."""
        recent = self._kept.get(device_id)
        return recent if recent is not None and recent.stamp == stamp else None

    def keep(self, recent: Mapping[int, Recent]) -> None:
        """Remember devices in place of what was known of them; those that were not heard of for longest go."""
        for device_id, each in recent.items():
            if (old := self._kept.pop(device_id, None)) is not None:
                self._bytes -= old.fixes.nbytes
            self._kept[device_id] = each
            self._bytes += each.fixes.nbytes
        while self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.fixes.nbytes
