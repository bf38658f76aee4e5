"""What do the dashboard's answers cost without read models, with them on a miss, and on a hit? Run by `make bench`.

Seven questions, at 1,000, 10,000 and 100,000 drivers with 100 trips each, are answered in four ways:

    (a) a count a query, and loops over drivers that load vehicles and scores        benchmarks/naive/loops.py
    (b) one statement of outer joins with count(DISTINCT ...)                        benchmarks/naive/joins.py
    (c) Roadlens when it keeps no answer                                             a miss
    (d) Roadlens when it keeps one                                                   a hit

(a) and (b) are timed here, from the first statement to the last value; (c) and (d) by a server of their own, by its
metrics, from the request's head to the answer's last byte. Statements are counted where they are run, in all four. The
portfolios are open side by side and asked in turn, so that what else the machine does befalls all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter

import uvloop

from benchmarks.naive.asked import Facts, Way
from benchmarks.portfolios import TRIPS_PER_DRIVER, Portfolio
from benchmarks.questions import QUESTIONS, Question
from benchmarks.reads_table import Measured, Taken, growths, rows, table

RESULT = Path(__file__).parent / "results" / "reads.json"
SIZES = (1_000, 10_000, 100_000)
HITS = 10
WARM_UP = 5
# A way is asked again until it has taken this long in all, or this often.
AGAIN_UP_TO_S, AGAIN_UP_TO = 3.0, 30


def main() -> None:
    asked = _arguments()
    sizes = tuple(sorted(asked.drivers or SIZES))
    result = uvloop.run(_measure(asked.data, sizes, asked.rounds, asked.limit))
    for line in table(result):
        print(line)
    print("\nA miss with the most drivers takes, times one with the fewest:")
    print(", ".join(f"{question} {growth:.2f}" for question, growth in growths(result).items()))
    if sizes == SIZES:
        told = {
            "command": "python -m benchmarks.reads",
            "python": platform.python_version(),
            "machine": platform.machine(),
            "trips_per_driver": TRIPS_PER_DRIVER,
            "rounds": asked.rounds,
            "limit_s": asked.limit,
            "growth_of_a_miss": growths(result),
            "rows": rows(result),
        }
        RESULT.write_text(json.dumps(told, indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.reads", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=Path("bench-data"), help="where portfolios are kept (%(default)s)")
    parser.add_argument(
        "--drivers",
        type=int,
        action="append",
        help="a size; 1000, 10000 and 100000 if none is named, and only then the result is kept",
    )
    parser.add_argument("--rounds", type=int, default=100, help="misses of each question (%(default)s)")
    parser.add_argument("--limit", type=float, default=300, help="seconds for one answer of (a) or (b) (%(default)s)")
    return parser.parse_args()


async def _measure(directory: Path, sizes: Sequence[int], rounds: int, limit: float) -> Measured:
    measured: Measured = defaultdict(Taken)
    async with AsyncExitStack() as opened:
        portfolios = [await opened.enter_async_context(Portfolio.opened(directory, size)) for size in sizes]
        for each in portfolios:
            if each.ends_early:
                print(f"{each.drivers:,} drivers have no trips after {each.last_day}: remove them for new ones")
        for number in range(WARM_UP + rounds):
            for each in portfolios:
                _ask_server(measured if number >= WARM_UP else defaultdict(Taken), each, number)
        for question in QUESTIONS:
            for number in range(AGAIN_UP_TO):
                for each in portfolios:
                    await _ask_database(measured, each, question, number, limit)
    return measured


def _ask_server(measured: Measured, portfolio: Portfolio, number: int) -> None:
    """Every question once with nothing kept, and then a few times more."""
    client, asked = portfolio.client, portfolio.asked(number)
    client.ask("/api/v1/admin/cache/clear", "POST")
    before = client.counted()
    for way, times in (("c", 1), ("d", HITS)):
        for question in QUESTIONS:
            for _ in range(times):
                client.ask(question.path(asked))
            after = client.counted()
            grown = {name: value - before.get(name, 0) for name, value in after.items()}
            before = after
            hits, misses = (round(_sum(grown, f"cache_{what}_total")) for what in ("hits", "misses"))
            if (hits, misses) != ((0, 1) if way == "c" else (times, 0)):
                raise RuntimeError(f"{question.name}: {hits} hits and {misses} misses")
            taken = measured[question.name, portfolio.drivers, way]
            taken.statements = max(taken.statements, round(_sum(grown, "db_queries_total") / times))
            taken.sql.append(_sum(grown, "db_query_duration_seconds_sum") / times)
            duration = f'http_request_duration_seconds_sum{{endpoint="{question.endpoint}"'
            taken.seconds.append(_sum(grown, duration) / times)


def _sum(series: dict[str, float], beginning: str) -> float:
    return sum(value for name, value in series.items() if name.startswith(beginning))


async def _ask_database(
    measured: Measured, portfolio: Portfolio, question: Question, number: int, limit: float
) -> None:
    for letter, way in (("a", question.loops), ("b", question.joins)):
        taken = measured[question.name, portfolio.drivers, letter]
        if taken.over is None and sum(taken.seconds) < AGAIN_UP_TO_S:
            facts = await _answered(taken, portfolio, way, number, limit)
            if facts is not None and not taken.wrong:
                right = question.facts(json.loads(portfolio.client.ask(question.path(portfolio.asked(number)))))
                taken.wrong = {
                    name: (facts.get(name), value) for name, value in right.items() if facts.get(name) != value
                }


async def _answered(taken: Taken, portfolio: Portfolio, way: Way, number: int, limit: float) -> Facts | None:
    """One answer of (a) or (b), counted and timed; None if it was not there in time."""
    ran: list[float] = []
    forget = portfolio.database.observe(lambda _statement, seconds: ran.append(seconds))
    try:
        began = perf_counter()
        async with asyncio.timeout(limit), portfolio.database.read() as session:
            facts = await way(session, portfolio.asked(number))
        taken.seconds.append(perf_counter() - began)
        taken.sql.append(sum(ran))
    except TimeoutError:
        taken.over = limit
        return None
    finally:
        forget()
        taken.statements = max(taken.statements, len(ran))
    return facts


if __name__ == "__main__":
    main()
