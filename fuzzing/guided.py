"""`python -m fuzzing.guided`: Atheris gives each parser bytes and goes on from those that reached new code.

Each target has a process of its own, for libFuzzer ends the process at a broken promise. The input that broke it is
kept in `fuzzing/corpus/`, where `make test` tries it from then on.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.memory import directory_in_memory

_LONGEST = 4096  # bytes of an input: structure is found sooner in short ones
_SLOWEST_S = 20  # a single input that takes longer is a finding
_MOST_MB = 1024
_WATCHED = ["roadlens.telemetry", "roadlens.api", "roadlens.cache", "roadlens.storage"]


def main() -> int:
    options = _options()
    if options.here:
        _fuzz(options.here, options.runs, options.seed)
        return 0
    try:
        import atheris  # noqa: F401, PLC0415 - it is asked whether it is there
    except ImportError:
        print("Atheris has no wheel for this machine: parsers are tried by tests/fuzzing alone.")
        return 0
    from fuzzing.seeds import GOOD  # noqa: PLC0415 - it imports a parser, which `_fuzz` wants to see imported

    targets = [options.target] if options.target else list(GOOD)
    broken = [target for target in targets if not _process(target, options.runs, options.seed)]
    print(
        f"{len(targets)} of {len(GOOD)} parsers, {options.runs:,} inputs each; broken: {', '.join(broken) or 'none'}."
    )
    return 1 if broken else 0


def _process(target: str, runs: int, seed: int) -> bool:
    """Whether it kept its promises."""
    command = [sys.executable, "-m", "fuzzing.guided", "--here", target, "--runs", str(runs), "--seed", str(seed)]
    # It ends without tidying up. On a disk, most of its time goes into opening files for its inputs.
    with tempfile.TemporaryDirectory(prefix="roadlens-fuzz-") as disk, directory_in_memory(Path(disk)) as place:
        environment = {**os.environ, "TMPDIR": str(place)}
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment
        )
    print(f"{target}: {_told(done.stdout) if done.returncode == 0 else done.stdout[-3000:]}", flush=True)
    return done.returncode == 0


def _told(printed: str) -> str:
    """What libFuzzer's statistics come to."""
    numbers = {name: int(value) for name, value in re.findall(r"stat::(\w+):\s+(\d+)", printed)}
    inputs, new, most = (numbers[name] for name in ("number_of_executed_units", "new_units_added", "peak_rss_mb"))
    return f"kept its promises: {inputs:,} inputs, {new:,} reached something new, at most {most:,} MB"


def _fuzz(target: str, runs: int, seed: int) -> None:
    import atheris  # noqa: PLC0415 - the group `fuzz` alone has it

    with atheris.instrument_imports(include=_WATCHED):
        from fuzzing.parsers import TARGETS  # noqa: PLC0415 - what is imported here is watched
        from fuzzing.seeds import CORPUS, seeds  # noqa: PLC0415 - as above

    kept = CORPUS / target
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="roadlens-fuzz-") as place:
        for number, data in enumerate(seeds(target)):
            (Path(place) / str(number)).write_bytes(data)
        arguments = {
            "runs": runs,
            "seed": seed,
            "max_len": _LONGEST,
            "timeout": _SLOWEST_S,
            "rss_limit_mb": _MOST_MB,
            "artifact_prefix": f"{kept}/",
            "print_final_stats": 1,
        }
        atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in arguments.items()), place], TARGETS[target])
        atheris.Fuzz()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzzing.guided", description=__doc__)
    parser.add_argument("--runs", type=int, default=200_000, help="inputs for each parser")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", help="this one alone")
    parser.add_argument("--here", help=argparse.SUPPRESS)  # in this process, which libFuzzer ends
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
