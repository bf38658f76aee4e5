"""The objects that count the metrics of the table, and the page of them. Who calls those is not known here."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Final, Self

from prometheus_client.exposition import choose_encoder

from roadlens.observability.shown import Shown
from roadlens.observability.table import BOUNDS, TABLE, Kind
from roadlens.observability.tally import Series, Tally

# Of a histogram: the sum, a bucket for each bound, and one for what lies beyond the last.
_WIDTH: Final = 1 + len(BOUNDS) + 1


class Counters:
    """A counter for each combination of label values."""

    __slots__ = ("_cells", "_name", "_places", "_tally")

    def __init__(self, tally: Tally, name: str) -> None:
        self._tally = tally
        self._cells = tally.cells
        self._name = name
        self._places: dict[tuple[object, ...], int] = {}

    def begin(self, *combinations: tuple[object, ...]) -> Self:
        """Show these, with 0 where nobody has counted yet: who compares two scrapes then sees the first rise."""
        for labels in combinations:
            self.add(labels, 0.0)
        return self

    def add(self, labels: tuple[object, ...] = (), amount: float = 1.0) -> None:
        """The values of the labels, in the table's order; they must be of few kinds."""
        place = self._places.get(labels)
        if place is None:
            place = self._places[labels] = self._tally.place(_series(self._name, labels), 1)
        self._cells[place] += amount


class Durations:
    """A histogram of seconds for each combination of label values: their sum, then how many fell into each bucket."""

    __slots__ = ("_cells", "_name", "_places", "_tally")

    def __init__(self, tally: Tally, name: str) -> None:
        self._tally = tally
        self._cells = tally.cells
        self._name = name
        self._places: dict[tuple[object, ...], int] = {}

    def add(self, labels: tuple[object, ...], seconds: float) -> None:
        place = self._places.get(labels)
        if place is None:
            place = self._places[labels] = self._tally.place(_series(self._name, labels), _WIDTH)
        self._cells[place] += seconds
        self._cells[place + 1 + bisect_left(BOUNDS, seconds)] += 1.0


class Gauges:
    """What is so now, for each combination of label values; it ends with the process."""

    def __init__(self, tally: Tally, name: str) -> None:
        self._tally = tally
        self._name = name
        self._places: dict[tuple[object, ...], int] = {}

    def show(self, values: Mapping[tuple[object, ...], float]) -> None:
        """These are all there are: what was shown before and is not among them is 0 now."""
        for labels in values.keys() - self._places.keys():
            self._places[labels] = self._tally.place(_series(self._name, labels), 1, momentary=True)
        for labels, place in self._places.items():
            self._tally.cells[place] = values.get(labels, 0.0)


class Metrics:
    """The numbers of this process, and the page that shows those of the instance."""

    def __init__(self, tally: Tally | None = None) -> None:
        self._tally = tally or Tally()
        self._kinds = {metric.name: metric.kind for metric in TABLE}

    def counters(self, name: str) -> Counters:
        """Those of a counter in the table."""
        assert self._kinds[name] is Kind.COUNTER
        return Counters(self._tally, name)

    def durations(self, name: str) -> Durations:
        """Those of a histogram in the table."""
        assert self._kinds[name] is Kind.HISTOGRAM
        return Durations(self._tally, name)

    def gauges(self, name: str) -> Gauges:
        """Those of a gauge in the table."""
        assert self._kinds[name] is Kind.GAUGE
        return Gauges(self._tally, name)

    def sums(self, name: str, label: str) -> dict[str, float]:
        """A counter of the instance, summed up by the values of one of its labels."""
        place = next(metric.labels.index(label) for metric in TABLE if metric.name == name)
        sums: dict[str, float] = {}
        for series, (value,) in [(found, cells) for found, cells in self._tally.read().items() if found[0] == name]:
            sums[series[1 + place]] = sums.get(series[1 + place], 0.0) + value
        return sums

    def page(self, accept: str = "") -> tuple[bytes, str]:
        """All metrics as a scraper reads them, and the media type: OpenMetrics for who accepts it, else plain text."""
        encode, media_type = choose_encoder(accept)
        return encode(Shown(self._tally.read(), self._tally.present())), media_type


def _series(name: str, labels: tuple[object, ...]) -> Series:
    return (name, *map(str, labels))
