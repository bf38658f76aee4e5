"""`python -m fuzzing` asks every operation of the API; it ends with 1 if an answer was not as it should be."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from fuzzing import report
from fuzzing.campaign import Wish
from fuzzing.shares import asked

PAGE = Path(__file__).parents[1] / "docs" / "fuzzing.md"


def main() -> int:
    options = _options()
    wish = Wish(options.examples, options.sequences, options.seed, options.only, coverage=not options.quick)
    started = time.monotonic()
    outcome = asked(wish, options.processes)
    results = report.Results(wish, outcome, options.processes, time.monotonic() - started)
    print("\n".join(report.table(outcome)))
    print("\n".join(outcome.troubles))
    print(report.summary(results))
    if options.write:
        report.write(PAGE, results)
    return 1 if outcome.findings else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, help="how many requests to draw for each operation")
    parser.add_argument("--sequences", type=int, default=1000, help="how many sequences of requests that follow links")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn")
    parser.add_argument("--only", help="operations whose path matches this regular expression")
    parser.add_argument("--quick", action="store_true", help="leave out the enumeration of each field's limits")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="that share the work")
    parser.add_argument("--write", action="store_true", help="put the table into docs/fuzzing.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
