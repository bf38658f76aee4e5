"""Runs the rules over a chunk's files on DuckDB, in this process and on one thread."""

from __future__ import annotations

from pathlib import Path

import duckdb
import ibis
import pyarrow as pa

from roadlens.rescoring import classes, expressions
from roadlens.telemetry.work import Rules

# Of one process: a chunk takes a fraction of it. What would take more goes to files beside the exported ones.
_MEMORY = "1GB"


class Duck:
    """The rules of one version, translated once and run for each chunk."""

    def __init__(self, rules: Rules, spill: Path) -> None:
        self._connection = duckdb.connect(
            config={"threads": 1, "memory_limit": _MEMORY, "temp_directory": str(spill / "spill")}
        )
        self._connection.register("classes", classes.table(rules.parameters))
        tables = (ibis.table(expressions.FIXES, name="fixes"), ibis.table(classes.schema(), name="classes"))
        self._statements = {
            name: str(ibis.to_sql(result, dialect="duckdb")) for name, result in expressions.results(*tables).items()
        }

    def results(self, fixes: Path) -> dict[str, pa.Table]:
        """What `expressions.results` gives for a chunk's file."""
        self._connection.from_parquet(str(fixes)).create_view("fixes", replace=True)
        return {name: self._connection.sql(sql).to_arrow_table() for name, sql in self._statements.items()}
