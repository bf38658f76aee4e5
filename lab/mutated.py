"""`python -m lab.mutated`: attacks Roadlens with one mistake built in at a time, and fails if one is not found.

A checker that finds nothing proves nothing until it has found something. Each mistake is a patch of `mutants/`; a run
is short and does what brings that mistake to light. `control` has no mistake, but a shorter time for an answer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lab import report
from lab.harms import Harm
from lab.laboratory import Experiment, directory, run
from lab.nemesis import Weather
from lab.orders import Kept
from lab.outcome import Outcome

ROOT: Final = Path(__file__).parents[1]
PATCHES: Final = Path(__file__).parent / "mutants"
CONTROL: Final = "control"

# Of a run against a mutant that takes harm to be found, and against one that does not.
_SECONDS, _CALM_SECONDS = 25.0, 12.0
# Some mistakes show only when harm comes at the right moment: they have another run, in less than a minute together.
_SEEDS: Final = (1, 2)

# Nobody edits, so that answers live until their time is over; a trip is driven each second, and may show after five.
_OLD_AGE: Final[Mapping[str, Any]] = {
    "edit_every_s": 1e9,
    "contest_every_s": 1e9,
    "repair_every_s": 1e9,
    "hire_every_s": 1e9,
    "assign_every_s": 1e9,
    "lock_out_every_s": 1e9,
    "promote_every_s": 1e9,
    "announce_every_s": 1e9,
    "commute_every_s": 1.0,
    "kept": Kept(detail_s=5.0),
}


@dataclass(frozen=True)
class Mutant:
    """What is wrong, which harms bring it to light, and which rules it then breaks.

    Attributes:
        harms: words of their kinds and targets; none: no harm is needed.
        rest_s: the longest rest after each.
    """

    what: str
    rules: frozenset[str]
    harms: tuple[tuple[str, str], ...] = ()
    orders: Mapping[str, Any] = field(default_factory=dict)
    rest_s: float = 0.5

    @property
    def weather(self) -> Weather:
        return Weather(storm_s=1e9, calm_s=0, at_once=1, rest_s=self.rest_s)

    @property
    def seconds(self) -> float:
        return _SECONDS if self.harms or self.orders else _CALM_SECONDS

    def choose(self, harms: Sequence[Harm]) -> list[Harm]:
        return [harm for harm in harms if any(k in harm.kind and t in harm.target for k, t in self.harms)]


def _mutant(
    what: str, rules: str, *harms: tuple[str, str], orders: Mapping[str, Any] | None = None, rest_s: float = 0.5
) -> Mutant:
    return Mutant(what, frozenset(rule.replace("-", " ") for rule in rules.split()), harms, orders or {}, rest_s)


_TO_DATABASE: Final = "way to the database"

MUTANTS: Final[Mapping[str, Mutant]] = {
    "acknowledged_before_applied": _mutant("A worker says that it knows of a change, and applies it later.", "stale"),
    "attached_without_loading": _mutant(
        "A worker that has lost its connection does not load what it missed.",
        "stale miscounted",
        *(("refuse", _TO_DATABASE), ("lose", _TO_DATABASE), ("end of feeds", "database")),
    ),
    "changes_untold": _mutant("A change of a vehicle raises no version.", "stale", orders={"repair_every_s": 0.5}),
    "commits_unflushed": _mutant(
        "Commits are acknowledged before they are on the disk.",
        "stale contradiction lost miscounted flickered",
        ("kill -9 of a process", "database"),
        rest_s=6.0,  # PostgreSQL takes a while to recover
    ),
    "etags_of_addresses": _mutant("An ETag names the address, not what the answer says.", "stale miscounted"),
    "heads_of_before": _mutant("HEAD is told what was kept when it was first asked.", "stale miscounted"),
    "keys_without_versions": _mutant("An answer is kept under its address alone.", "stale miscounted"),
    "kept_under_later_versions": _mutant(
        "An answer is kept under the versions of when it was done.", "stale miscounted"
    ),
    "large_changes_untold": _mutant(
        "A statement that changes many rows raises no version of each.", "stale", ("bulk update", "rows")
    ),
    "no_lease": _mutant(
        "A worker believes what it knows for ever.", "stale miscounted", ("pause", "a worker"), ("hold", _TO_DATABASE)
    ),
    "no_wait": _mutant("A writer waits for nobody.", "stale miscounted", ("delay", _TO_DATABASE)),
    "passwords_end_nothing": _mutant(
        "A password that is given at a shell ends no token.", "stale", ("roadlens users password", "a shell")
    ),
    "positions_before_commit": _mutant(
        "Positions are acknowledged before they are committed.", "lost", ("lose", _TO_DATABASE), ("kill -9", "server")
    ),
    "principals_never_forgotten": _mutant("A token that was good stays good.", "stale"),
    "redis_needed": _mutant("Who asks is told when Redis fails.", "an-error unavailable", ("kill -9", "Redis")),
    "rows_unheld": _mutant("Who edits a row looks at its version, and does not hold it.", "contradiction lost"),
    "time_ignored": _mutant("An answer is kept until something is edited.", "stale", orders=_OLD_AGE),
    "totals_only_grow": _mutant("A trip that is taken away stays in the fleet's totals.", "read-models"),
    "waits_without_end": _mutant(
        "A writer waits for a worker that is gone.", "slow-write unavailable", ("kill -9", "server 1"), rest_s=6.0
    ),
}


def mutated(name: str, where: Path) -> Path:
    """A copy of the source with that patch applied.

    Raises:
        subprocess.CalledProcessError: it does not apply any more; `python -m lab.mutated` cannot say anything then.
    """
    source = where / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    patch = PATCHES / f"{name}.patch"
    command = ["git", "apply", "--unsafe-paths", str(patch)]
    # A repository around that place would make git look for the files in it.
    alone = os.environ | {"GIT_CEILING_DIRECTORIES": str(where.parent.resolve())}
    subprocess.run(command, cwd=where, env=alone, check=True)
    return source


def attacked(name: str, seconds: float | None = None, keep: Path | None = None, seed: int = _SEEDS[0]) -> Outcome:
    """What comes of a run against this mutant, or the control."""
    mutant = MUTANTS.get(name) or _mutant("Nothing is wrong.", "", orders=_OLD_AGE)
    choose: Callable[[Sequence[Harm]], Sequence[Harm]] = mutant.choose
    with directory(keep) as where:
        source = mutated(name, where)
        experiment = Experiment(
            (seconds or mutant.seconds) / 60, seed, choose, mutant.weather, source=source, orders=dict(mutant.orders)
        )
        return run(where, experiment)


def found(name: str, outcome: Outcome) -> bool:
    """Whether it was found out by a rule that is about it; of the control, whether nothing was found."""
    rules = {violation.rule for violation in outcome.violations}
    return bool(rules & MUTANTS[name].rules) if name in MUTANTS else not rules


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="lab.mutated", description=__doc__)
    parser.add_argument("names", nargs="*", default=[CONTROL, *MUTANTS], help="some of them")
    parser.add_argument("--seconds", type=float, help="of each run")
    parser.add_argument("--keep", type=Path, help="directory to make, for the histories and the logs")
    chosen = parser.parse_args(arguments)
    missed = []
    for name in chosen.names:
        seeds = _SEEDS if name in MUTANTS else _SEEDS[:1]
        if not any(_right(name, seed, chosen.seconds, chosen.keep) for seed in seeds):
            missed.append(name)
    return 1 if missed else 0


def _right(name: str, seed: int, seconds: float | None, keep: Path | None) -> bool:
    outcome = attacked(name, seconds, keep and keep / f"{name}-{seed}", seed)
    right = found(name, outcome)
    said = "as it should be" if right else "WRONG"
    print(f"{name}, seed {seed}: {len(outcome.violations)} violations: {said}", flush=True)
    for line in list(report.violations(outcome))[: 1 if right else 10]:
        print(f"    {line}", flush=True)
    return right


if __name__ == "__main__":
    sys.exit(main())
