"""Claims become a table of relativities, and the table the drivers' relativities, from the terminal."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import prod
from pathlib import Path
from statistics import fmean

import psycopg
import pytest
from typer.testing import CliRunner

from roadlens.cli.main import app
from roadlens.errors import Conflict, InvalidInput, NotFound, RoadlensError
from tests.support.installation import Installation
from tests.support.postgres import EMPTY, Server

TODAY = datetime.now(UTC).date()
SPELL = ["--from", str(TODAY - timedelta(days=40)), "--to", str(TODAY - timedelta(days=2))]


@pytest.fixture(scope="module")
def portfolio(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Six hundred drivers with scores and no positions; a test that changes them would disturb the others."""
    with postgres.copy_of(EMPTY) as url:
        installation = Installation(tmp_path_factory.mktemp("portfolio"), {"DATABASE_URL": url})
        run(installation, "bench", "generate", "--drivers", "600", "--trips-per-driver", "20")
        yield installation


def run(installation: Installation, *arguments: str) -> str:
    """What a command prints, run in this process; what it raises."""
    done = CliRunner().invoke(app, arguments, env=installation.environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def drawn(installation: Installation, path: Path, *options: str) -> str:
    return run(installation, "bench", "claims", str(path), *SPELL, "--frequency", "20", *options)


@pytest.fixture(scope="module")
def fitted(portfolio: Installation, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Claims of these drivers, and the table that is made of them."""
    claims, table = (tmp_path_factory.mktemp("fitted") / name for name in ("claims.csv", "table.json"))
    drawn(portfolio, claims)
    run(portfolio, "score", "calibrate", str(claims), "--out", str(table))
    return claims, table


def test_from_claims_to_relativities(portfolio: Installation, tmp_path: Path) -> None:
    claims, table, bands, drivers = (tmp_path / name for name in ("claims.csv", "table.json", "bands.csv", "d.csv"))
    assert "by harsh_braking 0.5 into" in drawn(portfolio, claims, "--effect", "harsh_braking=0.5")
    with claims.open("a") as file:
        file.write("DRV-9999,2020-01-01,2021-01-01,0,\nDRV-0001,2020-01-01,2021-01-01,0,\nDRV-0001,x,2021-01-01,0,\n")
    told = run(portfolio, "score", "calibrate", str(claims), "--out", str(table), "--csv", str(bands))
    assert "column from: 'x' is not a day" in told
    assert "left out 3 lines: 1 not readable, 1 unknown driver, 1 no score of this version before the period" in told
    assert "not in the model: annual_distance (only with --with-distance)" in told
    written = json.loads(table.read_text())
    braking = next(factor for factor in written["factors"] if factor["factor"] == "harsh_braking")
    assert abs(braking["coefficient"] - 0.5) < 3 * braking["standard_error"]
    assert f"{braking['coefficient']:.3f}" in told
    with bands.open() as rows:
        assert (
            sum(int(row["claims"]) for row in csv.DictReader(rows) if row["factor"] == "harsh_braking")
            == (written["source"]["claims"])
        )
    assert run(portfolio, "score", "calibrate", str(claims), "--out", str(tmp_path / "again.json"))
    assert (tmp_path / "again.json").read_bytes() == table.read_bytes()

    said = run(portfolio, "score", "relativities", str(table), "--at-most", "1.5", "--csv", str(drivers))
    with drivers.open() as rows:
        lines = list(csv.DictReader(rows))
    assert said.startswith(f"{len(lines)} drivers, off-balance ")
    assert fmean(float(line["relativity"]) for line in lines) == pytest.approx(1, abs=1e-5)
    for line in lines:
        parts = [float(line[factor["factor"]]) for factor in written["factors"]] + [float(line["off_balance"])]
        assert float(line["relativity"]) == pytest.approx(min(1.5, prod(parts)), abs=1e-4)
        assert (line["capped"] == "yes") == (float(line["relativity"]) == 1.5)
    with psycopg.connect(portfolio.settings["DATABASE_URL"]) as connection:
        noted = connection.execute("SELECT action, entity, after FROM audit_log ORDER BY audit_id DESC LIMIT 1")
        action, entity, after = noted.fetchone() or ()
    assert (action, entity, after["drivers"]) == ("export", "relativities", len(lines))


def test_distance_and_fewer_factors(portfolio: Installation, tmp_path: Path) -> None:
    claims, table = tmp_path / "claims.csv", tmp_path / "table.json"
    drawn(portfolio, claims, "--scatter", "1", "--seed", "3")
    options = ["--with-distance", "--without", "night_share", "--without", "harsh_cornering", "--out", str(table)]
    told = run(portfolio, "score", "calibrate", str(claims), *options)
    assert "not in the model: night_share (left out as you said)" in told
    names = [factor["factor"] for factor in json.loads(table.read_text())["factors"]]
    assert "annual_distance" in names
    assert not {"night_share", "harsh_cornering"} & set(names)
    lines = run(portfolio, "score", "relativities", str(table)).splitlines()
    assert lines[0] == f"driver_id,relativity,{','.join(names)},off_balance,capped"


def test_claims_are_the_same_for_the_same_seed(portfolio: Installation, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "abc"]
    for path, seed in zip(paths, ("1", "1", "2"), strict=True):
        drawn(portfolio, path, "--seed", seed)
    first, again, other = (path.read_bytes() for path in paths)
    assert first == again != other


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["score", "calibrate", "nothing.csv"], "nothing.csv: cannot be read"),
        (["score", "calibrate", "{claims}", "--score-version", "9"], "There is no score version 9"),
        (["score", "calibrate", "{claims}", "--without", "age"], "--without age: no such factor"),
        (["score", "calibrate", "{claims}", "--out", "nowhere/table.json"], "cannot be written: No such file"),
        (["score", "relativities", "{claims}"], "is no table that `roadlens score calibrate --out` has written"),
        (["bench", "claims", "x.csv", *SPELL, "--effect", "age=1"], "--effect age: no such factor"),
        (["bench", "claims", "x.csv", *SPELL, "--effect", "night_share"], "write it as harsh_braking=0.5"),
        (["score", "evaluate", "{claims}"], "its first line names no column type and no start"),
        (["bench", "claims", "x.csv", "--from", "x", "--to", "2026-01-01"], "--from 'x' is not a day"),
        (["bench", "claims", "x.csv", "--from", "2026-01-01", "--to", "2026-01-01"], "--to is not after --from"),
        (["bench", "claims", "x.csv", "--from", "2001-01-01", "--to", "2001-02-01"], "No driver has a score before"),
    ],
)
def test_mistakes_are_one_line(
    portfolio: Installation, fitted: tuple[Path, Path], arguments: list[str], says: str
) -> None:
    with pytest.raises(RoadlensError) as caught:
        run(portfolio, *(each.format(claims=fitted[0]) for each in arguments))
    assert says in caught.value.detail
    assert "\n" not in caught.value.detail
    assert not Path("x.csv").exists()


def test_a_table_of_another_database_is_not_applied(
    portfolio: Installation, fitted: tuple[Path, Path], tmp_path: Path
) -> None:
    table = tmp_path / "table.json"
    table.write_text(fitted[1].read_text().replace('"formula": "', '"formula": "x'))
    with pytest.raises(InvalidInput, match="made by another score version 1"):
        run(portfolio, "score", "relativities", str(table))
    table.write_text(table.read_text().replace('"score_version": 1', '"score_version": 7'))
    with pytest.raises(NotFound, match="There is no score version 7"):
        run(portfolio, "score", "relativities", str(table))


def test_by_a_version_that_has_not_scored_all_history_nothing_is_fitted_or_applied(
    portfolio: Installation, fitted: tuple[Path, Path], tmp_path: Path
) -> None:
    claims, table = fitted[0], tmp_path / "table.json"
    table.write_text(fitted[1].read_text().replace('"score_version": 1', '"score_version": 2'))
    by_it = "score", "calibrate", str(claims), "--score-version", "2"
    with psycopg.connect(portfolio.settings["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(
            "INSERT INTO score_versions (version, parameters, active) SELECT 2, parameters, false FROM score_versions"
        )
        try:
            with pytest.raises(Conflict, match=r"^Version 2 is a draft: .* Run `roadlens score rebuild 2` first\.$"):
                run(portfolio, *by_it)
            connection.execute("INSERT INTO score_rebuilds (score_version, state) VALUES (2, 'rating')")
            connection.execute(
                "INSERT INTO rescored_risk SELECT 2, driver_id, day, risk_score, risk_level, distance_m, factors FROM "
                "risk_scores WHERE driver_id < (SELECT max(driver_id) FROM drivers)"
            )
            with pytest.raises(Conflict, match=r"^Version 2 is half rebuilt: history has not been scored by it"):
                run(portfolio, *by_it)
            with pytest.raises(
                Conflict, match=r"^Version 2 is half rebuilt: .* Run `roadlens score rebuild 2` first\.$"
            ):
                run(portfolio, "score", "relativities", str(table))
            connection.execute("UPDATE score_rebuilds SET state = 'ready'")
            assert "by score version 2 (relativity-2)" in run(portfolio, *by_it)
        finally:
            for beside in ("rescored_risk", "score_rebuilds"):
                connection.execute(f"DELETE FROM {beside}")
            connection.execute("DELETE FROM score_versions WHERE version = 2")


def test_no_driver_is_a_formula(portfolio: Installation, fitted: tuple[Path, Path]) -> None:
    driver = "=HYPERLINK(1)"
    with psycopg.connect(portfolio.settings["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("INSERT INTO drivers (driver_id, first_name, last_name) VALUES (%s, 'A', 'B')", [driver])
        connection.execute(
            "INSERT INTO risk_scores (driver_id, day, risk_score, risk_level, distance_m, factors, score_version) "
            "SELECT %s, day, risk_score, risk_level, distance_m, factors, score_version FROM risk_scores "
            "WHERE risk_score > 0 LIMIT 1",
            [driver],
        )
        lines = run(portfolio, "score", "relativities", str(fitted[1])).splitlines()
        connection.execute("DELETE FROM risk_scores WHERE driver_id = %s", [driver])
        connection.execute("DELETE FROM drivers WHERE driver_id = %s", [driver])
    assert [line.partition(",")[0] for line in lines if "HYPERLINK" in line] == [f"'{driver}"]


WITHOUT_STATSMODELS = """
import sys
from roadlens.cli.main import main
assert not {"statsmodels", "pandas", "scipy"} & set(sys.modules), "a command that fits nothing has loaded it"
sys.modules["statsmodels.api"] = None
main()
"""


def test_nothing_else_needs_what_fits_models(portfolio: Installation, fitted: tuple[Path, Path]) -> None:
    claims, table = fitted

    def without(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", WITHOUT_STATSMODELS, *arguments]
        return subprocess.run(command, env=portfolio.environment, capture_output=True, text=True, check=False)

    refused = without("score", "calibrate", str(claims))
    assert refused.returncode == 1
    assert refused.stderr == (
        "roadlens: statsmodels.api is not installed: run `pip install 'roadlens[calibrate]'`, then try again.\n"
    )
    assert without("score", "relativities", str(table)).returncode == 0
