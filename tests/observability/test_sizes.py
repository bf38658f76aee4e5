"""The size of the database, and of the disk of one that Roadlens has itself."""

from __future__ import annotations

from pathlib import Path

from roadlens.observability.metrics import Metrics
from roadlens.observability.sizes import Sizes
from roadlens.storage.database import Database
from tests.support.scrape import Scrape


async def test_the_disk_is_that_of_the_data_directory(database: Database, tmp_path: Path) -> None:
    metrics = Metrics()
    await Sizes(metrics, database, tmp_path).look()
    seen = Scrape.of(metrics)
    assert 0 < seen.value("data_disk_free_bytes") <= seen.value("data_disk_size_bytes")
    async with database.read() as session:
        assert seen.value("db_size_bytes") == await session.value("SELECT pg_database_size(current_database())")


async def test_the_disk_of_another_server_is_not_shown(database: Database) -> None:
    metrics = Metrics()
    await Sizes(metrics, database, None).look()
    page = metrics.page()[0].decode()
    assert "\ndb_size_bytes " in page
    assert "\ndata_disk_free_bytes " not in page


async def test_what_cannot_be_read_stays_as_it_was(database: Database, tmp_path: Path) -> None:
    nowhere = Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    metrics = Metrics()
    await Sizes(metrics, nowhere, None).look()
    assert "\ndb_size_bytes " not in metrics.page()[0].decode()
    await nowhere.close()
    async with Sizes(metrics, database, tmp_path / "gone").running():
        assert Scrape.of(metrics).value("db_size_bytes") > 0
        assert "\ndata_disk_free_bytes " not in metrics.page()[0].decode()


async def test_the_disk_is_looked_at_whatever_the_database_says(tmp_path: Path) -> None:
    """A disk that is full ends the database that lies on it: that is when somebody wants to know."""
    nowhere = Database.open("postgresql://nobody@127.0.0.1:1/nothing")
    metrics = Metrics()
    await Sizes(metrics, nowhere, tmp_path).look()
    await nowhere.close()
    assert Scrape.of(metrics).value("data_disk_free_bytes") > 0
