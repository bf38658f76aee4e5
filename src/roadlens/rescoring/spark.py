"""The process that speaks with a cluster of Spark: it has the rules run there, a chunk at a time on each of its cores.

Only it imports pyspark. `cluster` starts it, and tells it on its standard input what to do; when that ends, it ends at
once, and the cluster drops what it was doing for it. A chunk that is made stays made.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import ibis
import pyarrow.parquet as pq
from ibis.config import Config
from ibis.expr.types import Table
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from roadlens.errors import RoadlensError, SetupError
from roadlens.rescoring import classes, expressions, tasks
from roadlens.rescoring.files import Files, said, written
from roadlens.rescoring.rules import read_version
from roadlens.rescoring.tasks import Failed, Greeting, Made
from roadlens.storage.database import Database
from roadlens.telemetry.work import Rules

# How the columns of the files are called in Spark. It is told, so that it need not look into each file first.
_TYPES = {"int64": "BIGINT", "float64": "DOUBLE", "string": "STRING", "boolean": "BOOLEAN"}

# A chunk is one partition from end to end, because `coalesce` says so, and nothing is shuffled. Were a rule to need it
# all the same, it would be a chunk's own, among as few.
_CONF = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    # What it infers from conditions grows without bound over expressions as nested as these, and gains nothing.
    "spark.sql.constraintPropagation.enabled": "false",
    # Nobody looks at plans; to write these out takes seconds.
    "spark.sql.maxPlanStringLength": "1000",
    "spark.sql.ui.explainMode": "simple",
}

# A cluster that is there and gives no executor within it is full, or its workers are too small.
_EXECUTORS_WITHIN_S = 60.0


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    greeting = tasks.greeting.decode(sys.stdin.buffer.readline())
    told = tasks.spread.decode(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    files = Files(Path(greeting.directory))
    # Java, Spark's own lines and warnings of libraries are no answers, and too many for a terminal.
    log = os.open(files.spark_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    try:
        for made in _spread(greeting, files, told.chunks):
            answers.write(tasks.encode(made) + b"\n")
    except RoadlensError as error:
        answers.write(tasks.encode(Failed(error.code, error.detail)) + b"\n")
    except (PySparkException, Py4JError) as error:
        failed = f"The cluster could not do it: {_first_line(error)} More is in {files.spark_log}."
        answers.write(tasks.encode(Failed(SetupError.code, failed)) + b"\n")
    os._exit(0)


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _spread(greeting: Greeting, files: Files, chunks: Sequence[int]) -> Iterator[Made]:
    rules = asyncio.run(_rules(greeting))
    with written(files.classes) as path:
        pq.write_table(classes.table(rules.parameters), path)
    context = _session(greeting.master, f"roadlens rebuild {greeting.version}", files.spark_log)
    work = Work(context, files, translated())
    with ThreadPoolExecutor(_executor_cores(context, greeting.master)) as lanes:
        try:
            for made in as_completed([lanes.submit(work.make, chunk) for chunk in chunks]):
                yield made.result()
        finally:
            lanes.shutdown(wait=False, cancel_futures=True)


async def _rules(greeting: Greeting) -> Rules:
    database = Database.open(greeting.database_url, pool_size=1, max_connections=1, name="roadlens rebuild")
    try:
        async with database.read() as session:
            return await read_version(session, greeting.version)
    finally:
        await database.close()


def _session(master: str, name: str, log: Path) -> SparkSession:
    builder = SparkSession.builder.master(master).appName(name)
    for key, value in _CONF.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except (PySparkException, Py4JError) as error:
        raise SetupError(f"No cluster of Spark answers at {master}. More is in {log}.") from error


def _executor_cores(session: SparkSession, master: str) -> int:
    """How many chunks the cluster can do at a time, as soon as it has given the first executor."""
    status: Any = session.sparkContext._jsc.sc()
    deadline = time.monotonic() + _EXECUTORS_WITHIN_S
    while status.getExecutorMemoryStatus().size() < 2:  # the first is this process
        if time.monotonic() > deadline:
            raise SetupError(
                f"The cluster at {master} gives no executor. Look at its page whether a worker is registered and has a "
                "core and memory free (spark.executor.memory)."
            )
        time.sleep(0.1)
    return int(session.sparkContext.defaultParallelism)


class Statements(NamedTuple):
    """The rules in Spark's words: what rows show, and what is made of that, by the names of results."""

    shown: str
    results: Mapping[str, str]


def translated() -> Statements:
    ibis.options.pyspark = _Options()
    fixes, of = ibis.table(expressions.FIXES, name="fixes"), ibis.table(classes.schema(), name="classes")
    shown = expressions.shown(fixes, of)
    results = expressions.results(fixes, of, ibis.table(shown.schema(), name="shown"))
    return Statements(_sql(shown), {name: _sql(result) for name, result in results.items()})


def _sql(table: Table) -> str:
    return str(ibis.to_sql(table, dialect="pyspark"))


@dataclass(frozen=True)
class Work:
    """The rules, and where the chunks' files are."""

    session: SparkSession
    files: Files
    statements: Statements

    def make(self, chunk: int) -> Made:
        """Make what is not there yet of a chunk."""
        began = time.perf_counter()
        paths = {name: self.files.result(chunk, name) for name in self.statements.results}
        missing = {name: path for name, path in paths.items() if not path.exists()}
        if missing:
            session = self.session.newSession()  # its views are its own
            _view(session, "fixes", self.files.fixes(chunk), expressions.FIXES)
            _view(session, "classes", self.files.classes, classes.schema())
            # It is asked for twice; and Spark plans two short statements in less time than a long one.
            shown = session.sql(self.statements.shown).persist()
            shown.createOrReplaceTempView("shown")
            for name, path in missing.items():
                _write(session, self.statements.results[name], path)
            shown.unpersist()
        return Made(chunk, time.perf_counter() - began)


class _Options(Config):  # type: ignore[misc]  # ibis has no types
    """What ibis's translation for Spark looks up, and only its connection, which needs pandas, would set."""

    treat_nan_as_null: bool = False


def _view(session: SparkSession, name: str, path: Path, columns: Mapping[str, str]) -> None:
    schema = ", ".join(f"`{column}` {_TYPES[kind]}" for column, kind in columns.items())
    session.read.schema(schema).parquet(path.as_uri()).coalesce(1).createOrReplaceTempView(name)


def _write(session: SparkSession, statement: str, path: Path) -> None:
    """Run a statement and put the one file that comes of it in its place, when it is complete."""
    parts = path.with_suffix(".parts")
    session.sql(statement).coalesce(1).write.mode("overwrite").parquet(parts.as_uri())
    with said(path):
        files = list(parts.glob("part-*.parquet"))
    if len(files) != 1:
        raise SetupError(
            f"The cluster has written nothing that is seen here in {path.parent}. That directory must be the same for "
            "every worker, under the same path."
        )
    with written(path) as whole:
        files[0].rename(whole)
    shutil.rmtree(parts, ignore_errors=True)


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


if __name__ == "__main__":
    main()
