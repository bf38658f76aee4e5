"""`roadlens db`: the database's schema, and its address for other programs."""

from __future__ import annotations

import asyncio

import typer

from roadlens.errors import SetupError
from roadlens.settings import Settings, read_settings
from roadlens.storage import migrate
from roadlens.storage.embedded.provider import running_url
from roadlens.wiring import open_command

app = typer.Typer(help="The database: bring it to the newest schema, print its address.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to the newest schema. `serve` does so too.

    Example:

      DATABASE_URL=postgresql://roadlens@db/roadlens roadlens db upgrade
    """
    asyncio.run(_upgrade(read_settings()))
    print(f"The database has schema {migrate.head()}, the newest.")


@app.command()
def url() -> None:
    """Print the address of the running database, alone on a line, for other programs.

    Example:

      psql "$(roadlens db url)"
    """
    settings = read_settings()
    if settings.database_url is not None:
        print(settings.database_url.get_secret_value())
        return
    running = running_url(settings.data_dir)
    if running is None:
        raise SetupError(
            f"No database runs in {settings.data_dir}. `roadlens serve` (or `make run`) starts it; ROADLENS_DATA_DIR "
            "names another directory."
        )
    print(running)


async def _upgrade(settings: Settings) -> None:
    async with open_command(settings, "db upgrade"):
        pass  # opening upgrades
