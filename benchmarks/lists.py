"""What does a page of 100 cost on a miss: drivers in each order, at the front and deep inside, filtered, searched for?

And everything else that is read of one driver, or in lists.

Run by `make bench`. Each page is asked of a server over a generated portfolio, with nothing kept; the time is the
server's own, from the request's head to the answer's last byte, and beside it the part that went by in statements.
Pages are asked in turn, so that what else the machine does befalls all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from urllib.parse import urlencode

import uvloop

from benchmarks.portfolios import Portfolio
from roadlens.domain import EVENT_TYPES, RiskLevel
from roadlens.storage.reads.driver_pages import DriverSort

RESULT = Path(__file__).parent / "results" / "lists.json"
DRIVERS = 100_000
LIMIT = 100
_ADMIN = "/api/v1/admin"
WARM_UP = 3
# Shares of the list that come before the page.
DEPTHS = (0.5, 0.9)

# What people search for, and what they should not: an id, names, an address, what fits thousands, single letters, what
# nobody has, and the signs that LIKE takes for others.
SEARCHES = (
    "DRV-0617", "okafor", "mary smith", "linda.garcia", "example", "an", "a", "q", "zx", "ñ", "0617", "xyzzyx", "%",
    "_", "o_a",
)  # fmt: skip


@dataclass(slots=True)
class Page:
    """One page: what it is called, what is asked of which endpoint, and what each answer took, in seconds."""

    name: str
    path: str
    endpoint: str = "list_drivers"
    seconds: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    answer: dict[str, object] = field(default_factory=dict)

    def figures(self) -> dict[str, object]:
        percentiles = [round(1000 * value, 2) for value in _p50_p99(self.seconds)]
        listed = self.answer.get("drivers", self.answer.get("items"))
        return {
            "page": self.name,
            "p50_ms": percentiles[0],
            "p99_ms": percentiles[1],
            "sql_ms": round(1000 * _p50_p99(self.sql)[0], 2),
            "total": self.answer.get("total"),
            "total_capped": self.answer.get("total_capped"),
            "listed": len(listed) if isinstance(listed, list) else None,
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.lists", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("bench-data"), help="where portfolios are kept (%(default)s)")
    parser.add_argument(
        "--drivers", type=int, default=DRIVERS, help="its size (%(default)s); only then the result is kept"
    )
    parser.add_argument("--rounds", type=int, default=30, help="answers of each page (%(default)s)")
    asked = parser.parse_args()
    figures = [page.figures() for page in uvloop.run(_measure(asked.data, asked.drivers, asked.rounds))]
    for line in _table(figures):
        print(line)
    if asked.drivers == DRIVERS:
        told = {
            "command": "python -m benchmarks.lists",
            "python": platform.python_version(),
            "machine": platform.machine(),
            "drivers": DRIVERS,
            "rounds": asked.rounds,
            "pages": figures,
        }
        RESULT.write_text(json.dumps(told, indent=2) + "\n")


async def _measure(directory: Path, drivers: int, rounds: int) -> Sequence[Page]:
    async with Portfolio.opened(directory, drivers) as portfolio:
        pages = [*_orders(portfolio), *_searches(), *_others(portfolio)]
        for number in range(WARM_UP + rounds):
            await asyncio.to_thread(_ask_all, portfolio, pages, keep=number >= WARM_UP)
        return pages


def _orders(portfolio: Portfolio) -> Iterator[Page]:
    """Every order, both ways, with and without a level; from the front, and by cursor and offset far behind it."""
    for sort in DriverSort:
        for order in ("asc", "desc"):
            for level in (None, RiskLevel.LOW, RiskLevel.HIGH):
                query = {"sort": sort.value, "order": order} | ({"risk_level": level.value} if level else {})
                name = f"{sort} {order}{f', {level}' if level else ''}"
                yield Page(name, _path(query))
                total = json.loads(portfolio.client.ask(_path(query | {"limit": 1})))["total"]
                places = [int(total * depth) for depth in DEPTHS]
                for skip in places:
                    before = json.loads(portfolio.client.ask(_path(query | {"skip": skip, "limit": 1})))
                    yield Page(f"{name}, after {skip:,}", _path(query | {"after": before["next"]}))
                yield Page(f"{name}, skip {places[-1]:,}", _path(query | {"skip": places[-1]}))


def _searches() -> Iterator[Page]:
    for search in SEARCHES:
        yield Page(f"search {search}", _path({"search": search}))
        yield Page(f"search {search}, by risk", _path({"search": search, "sort": "risk"}))
        yield Page(f"search {search}, by name", _path({"search": search, "sort": "name"}))
        yield Page(f"search {search}, high", _path({"search": search, "risk_level": "high"}))


def _others(portfolio: Portfolio) -> Iterator[Page]:
    newest = json.loads(portfolio.client.ask(f"{_ADMIN}/trips?limit=1"))["items"][0]
    # Somebody who drives more than most.
    driver = max(
        json.loads(portfolio.client.ask(f"{_ADMIN}/drivers?limit=1000"))["drivers"], key=lambda driver: driver["trips"]
    )["driver_id"]
    yield Page("a driver", f"{_ADMIN}/drivers/{driver}", "get_driver")
    yield Page("a driver's risk", f"{_ADMIN}/drivers/{driver}/risk", "get_driver_risk")
    statistics = f"{_ADMIN}/drivers/{driver}/statistics?period_days=365"
    yield Page("a driver's statistics, 365 days", statistics, "get_driver_statistics")
    yield Page("a driver's trips", f"{_ADMIN}/drivers/{driver}/trips", "list_driver_trips")
    yield Page("a trip", f"{_ADMIN}/trips/{newest['trip_id']}", "get_trip")
    yield Page("trips", f"{_ADMIN}/trips?limit={LIMIT}", "list_trips")
    yield Page("events", f"{_ADMIN}/events?limit={LIMIT}", "list_events")
    for event_type in EVENT_TYPES:
        yield Page(f"events, {event_type}", f"{_ADMIN}/events?event_type={event_type}", "list_events")
    yield Page("events, dismissed (there are none)", f"{_ADMIN}/events?state=dismissed", "list_events")
    yield Page("events, to be reviewed", f"{_ADMIN}/events?state=needs_review", "list_events")
    yield Page("events of one driver", f"{_ADMIN}/events?driver_id={driver}", "list_events")
    event = json.loads(portfolio.client.ask(f"{_ADMIN}/events?driver_id={driver}&limit=1"))["items"][0]
    yield Page("an event", f"{_ADMIN}/events/{event['event_id']}", "get_event")
    yield Page("the inbox's counts", f"{_ADMIN}/events/inbox", "count_events")
    yield Page("the inbox's counts of one driver", f"{_ADMIN}/events/inbox?driver_id={driver}", "count_events")
    yield Page("vehicles", f"{_ADMIN}/vehicles?limit={LIMIT}", "list_vehicles")
    yield Page("users", f"{_ADMIN}/users?limit={LIMIT}", "list_users")


def _path(query: Mapping[str, object]) -> str:
    return f"{_ADMIN}/drivers?{urlencode({'limit': LIMIT, **query})}"


def _ask_all(portfolio: Portfolio, pages: Sequence[Page], *, keep: bool) -> None:
    client = portfolio.client
    client.ask("/api/v1/admin/cache/clear", "POST")
    before = client.counted()
    for page in pages:
        page.answer = json.loads(client.ask(page.path))
        after = client.counted()
        grown: defaultdict[str, float] = defaultdict(float)
        for name, value in after.items():
            # The metrics' own page is a request too.
            if not name.startswith("http_") or f'endpoint="{page.endpoint}"' in name:
                grown[name.partition("{")[0]] += value - before.get(name, 0)
        before = after
        if keep:
            page.seconds.append(grown["http_request_duration_seconds_sum"])
            page.sql.append(grown["db_query_duration_seconds_sum"])


def _p50_p99(values: Sequence[float]) -> tuple[float, float]:
    cut = quantiles(values, n=100, method="inclusive")
    return cut[49], cut[98]


def _table(figures: Sequence[dict[str, object]]) -> Iterator[str]:
    yield f"{'a page of 100':<42}{'p50 ms':>9}{'p99 ms':>9}{'in SQL':>9}{'total':>10}{'listed':>8}"
    for page in figures:
        total = "" if page["total"] is None else f"{page['total']:,}{'+' if page['total_capped'] else ''}"
        listed = "" if page["listed"] is None else page["listed"]
        times = "".join(f"{page[name]:>9.2f}" for name in ("p50_ms", "p99_ms", "sql_ms"))
        yield f"{page['page']:<42}{times}{total:>10}{listed:>8}"


if __name__ == "__main__":
    main()
