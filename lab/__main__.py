"""`python -m lab`: attacks three workers at random for LAB_MINUTES and judges what their clients saw.

The command fails unless all promises were kept. `--keep` leaves the history and the logs for a look at them.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lab import clocks, report
from lab.laboratory import Experiment, directory, run

MINUTES: Final = 15.0
QUIET_S: Final = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="lab", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("LAB_MINUTES") or MINUTES))
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="another one each time without it")
    parser.add_argument("--page", type=Path, help="page of documentation to put the numbers into")
    parser.add_argument("--keep", type=Path, help="directory to make, for the history and the logs")
    chosen = parser.parse_args(arguments)
    print(f"seed {chosen.seed}", flush=True)
    if clocks.library() is None:
        print("No clock is moved: that takes Debian's package libfaketime.", flush=True)
    with directory(chosen.keep) as where:
        outcome = run(where, Experiment(chosen.minutes, chosen.seed, orders={"quiet_s": QUIET_S}))
    return report.tell(outcome, f"LAB_MINUTES={chosen.minutes:g} make lab ARGS='--seed {chosen.seed}'", chosen.page)


if __name__ == "__main__":
    sys.exit(main())
