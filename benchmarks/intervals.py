"""Do the 95 % intervals of calibrated coefficients hold the truth 95 times in a hundred?

    ROADLENS_DATA_DIR=bench-data python -m benchmarks.intervals CLAIMS.csv

Takes the factors of the policies in CLAIMS.csv as they are, draws their claims again and again by coefficients that are
known, once with nothing else that makes drivers differ and once with much, and counts. Three kinds of standard errors
are compared: clustered by driver, which `score calibrate` uses, Pearson's scale, and HC3.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import numpy as np
from statsmodels.api import GLM, families

from roadlens.calibration.calibrate import Portfolio, Z, portfolio
from roadlens.calibration.claims import read_claims
from roadlens.calibration.policies import policies
from roadlens.scoring.premium import ANNUAL_DISTANCE
from roadlens.settings import read_settings
from roadlens.storage.reads import calibration
from roadlens.wiring import open_command

DRAWS = 150
FREQUENCY = 3.0
EFFECTS = {"harsh_braking": 0.5, "speeding_share": 0.3}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit((__doc__ or "").strip())
    there = asyncio.run(_portfolio(Path(sys.argv[1])))
    print(f"{len(there.claims):,} policies, {DRAWS} draws; the share of intervals that hold the truth")
    print(f"{'scatter':<9} {'errors':<10} {' '.join(f'{name:>18}' for name in there.factors)}")
    for scatter in (0.0, 1.0):
        for kind, held in _coverage(there, scatter).items():
            print(f"{scatter:<9} {kind:<10} {' '.join(f'{share:>18.0%}' for share in held)}")


async def _portfolio(path: Path) -> Portfolio:
    read = read_claims(path)
    async with open_command(read_settings(), "benchmark") as wiring, wiring.database.read() as session:
        version = await calibration.version(session, None)
        used, _ = await policies(
            session, read.periods, version.version, window_days=version.window_days, today=version.today
        )
    return portfolio(used, [ANNUAL_DISTANCE])


def _coverage(there: Portfolio, scatter: float) -> dict[str, Any]:
    true = np.array([EFFECTS.get(name, 0.0) for name in there.factors])
    mean = np.exp(there.design @ true)
    mean *= FREQUENCY * there.exposure / np.average(mean, weights=there.exposure)
    design = np.column_stack([np.ones(len(mean)), there.design])
    kinds: dict[str, dict[str, Any]] = {
        "clustered": {"cov_type": "cluster", "cov_kwds": {"groups": there.drivers}},
        "Pearson": {"scale": "X2"},
        "HC3": {"cov_type": "HC3"},
    }
    held: dict[str, list[Any]] = {kind: [] for kind in kinds}
    for draw in range(DRAWS):
        chance = np.random.default_rng(draw)
        unknown = chance.gamma(1 / scatter, scatter, len(mean)) if scatter else 1.0
        model = GLM(chance.poisson(mean * unknown), design, family=families.Poisson(), offset=np.log(there.exposure))
        for kind, options in kinds.items():
            result = model.fit(**options)
            held[kind].append(np.abs(result.params[1:] - true) < Z * result.bse[1:])
    return {kind: np.mean(found, axis=0) for kind, found in held.items()}


if __name__ == "__main__":
    main()
