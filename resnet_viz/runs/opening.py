"""How is a database opened? Made where there is none, brought to this version, and set aside where it is broken."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, SQLAlchemyError

from resnet_viz.runs.schema import VERSION, metadata

BUSY_TIMEOUT = 15.0  # seconds that SQLite waits for another writer
LOCK = 7_261  # of PostgreSQL's advisory locks: held while tables are made or changed
EARLIER = ("1", "2", "3", "4", "5")  # versions that are known and led on from


class StoreError(RuntimeError):
    """A database that cannot be used; the message is a sentence with the next step."""


def open_engine(url: str) -> tuple[Engine, str]:
    """An engine on a database of this version, and a sentence about what had to be done to it, mostly empty.

    Raises StoreError with a sentence.
    """
    with _told(url):
        parsed = make_url(url)
        engine = _make_engine(parsed)
        path = file_of(parsed)
        try:
            return engine, _prepare(engine, path)
        except (DatabaseError, sqlite3.DatabaseError) as error:
            if path is None or not _is_broken(error):
                raise
            engine.dispose()
            aside = _set_aside(path)
            _prepare(engine, path)
            return engine, (
                f"The database {path} was damaged and could not be read. It was set aside as {aside.name}, and an "
                "empty one was begun. Nothing was deleted: `sqlite3 FILE .recover` may bring runs back."
            )


def open_to_read(url: str) -> Engine:
    """An engine on an SQLite file that is not touched, and may lie where nothing can be written.

    Raises StoreError with a sentence, also where the file is of another version.
    """
    with _told(url):
        database = Path(make_url(url).database or "").resolve()
        if not database.is_file():
            raise OSError(f"there is no file {database}")
        engine = create_engine(f"sqlite:///file:{database}?mode=ro&immutable=1&uri=true")
        with engine.connect() as db:
            found = _version(db)
        if found != VERSION:
            raise OSError(f"it has version {found} of the schema, not {VERSION}; a copy that may be written is updated")
        return engine


def file_of(url: URL) -> Path | None:
    """The file of an SQLite database."""
    is_file = url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:"
    return Path(str(url.database)) if is_file else None


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write: SQLite then waits for its turn at the begin, and never fails in the middle."""
    with engine.execution_options(writes=True).begin() as db:
        yield db


@contextlib.contextmanager
def _told(url: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, ImportError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise StoreError(
            f"the database {_say(url)} cannot be opened: {reason}. "
            "Check RESNET_VIZ_DATABASE_URL, or RESNET_VIZ_HOME and its permissions"
        ) from error


def _say(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return repr(url)


def _make_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if path := file_of(url):
        path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _: object) -> None:
        connection.isolation_level = None  # transactions begin below
        # WAL lets pages read while a worker writes; NORMAL syncs at checkpoints, not at every commit.
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _prepare(engine: Engine, path: Path | None) -> str:
    with engine.connect() as db:
        if _version(db) == VERSION:
            return ""
    with writing(engine) as db:  # other processes may be at the same: one at a time, and look again
        if engine.dialect.name == "postgresql":
            db.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        found = _version(db)
        if found == VERSION:
            return ""
        if found is None:
            metadata.create_all(db)
            db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            db.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": VERSION})
            return ""
        if found not in EARLIER:
            raise StoreError(
                f"the database was made by a newer version of this program (schema {found}, here {VERSION}); "
                "update the program, or give RESNET_VIZ_HOME another folder"
            )
        kept = _back_up(path, found) if path else None
        _migrate(db, found)
        return f"The database was brought from version {found} to {VERSION}." + (
            f" As it was before it is kept as {kept.name}." if kept else ""
        )


def _version(db: Connection) -> str | None:
    """The version of the schema in a database; None where there are no tables of ours."""
    tables = set(inspect(db).get_table_names())
    if "alembic_version" in tables:
        return db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    if "runs" not in tables:
        return None
    if "layer_numbers" in tables:  # from before the versions had numbers
        return "3"
    columns = {column["name"] for column in inspect(db).get_columns("runs")}
    return "2" if "loading" in columns else "1"


def _migrate(db: Connection, found: str) -> None:
    # Imported here: most starts need it not.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = db
    if "alembic_version" not in inspect(db).get_table_names():
        command.stamp(config, found)
    command.upgrade(config, VERSION)


def _back_up(path: Path, found: str) -> Path:
    kept = path.with_name(f"{path.name}.version-{found}.{_stamp()}")
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(kept)) as target:
        source.backup(target)
    return kept


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f"{path.name}.damaged.{_stamp()}")
    path.rename(aside)
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
    return aside


def _stamp() -> str:
    return time.strftime("%Y%m%d-%H%M%S")


def _is_broken(error: Exception) -> bool:
    said = str(error.orig if isinstance(error, DBAPIError) else error)
    return "malformed" in said or "not a database" in said
