"""Does every database open, of whatever version, and is a broken one set aside and not lost?"""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from resnet_viz.runs import Owner, RunStatus, RunStore, StoreError
from resnet_viz.runs.opening import EARLIER
from resnet_viz.runs.schema import VERSION, metadata

SCHEMAS = Path(__file__).parent / "schemas"  # what earlier versions made, with two runs in each


def make(path: Path, version: str) -> str:
    with sqlite3.connect(path) as raw:
        raw.executescript((SCHEMAS / f"version-{version}.sql").read_text())
    raw.close()
    return f"sqlite:///{path}"


def shape(store: RunStore) -> dict[str, set[str]]:
    found = inspect(store.engine)
    return {table: {column["name"] for column in found.get_columns(table)} for table in found.get_table_names()}


def test_there_is_an_example_of_every_earlier_version():
    assert {path.stem.removeprefix("version-") for path in SCHEMAS.glob("*.sql")} == set(EARLIER)


@pytest.mark.parametrize("version", EARLIER)
def test_a_database_of_every_earlier_version_is_backed_up_and_opens_with_all_that_was_in_it(tmp_path, version):
    url = make(tmp_path / "runs.sqlite", version)
    before = (tmp_path / "runs.sqlite").read_bytes()
    store = RunStore(url)
    assert f"from version {version} to {VERSION}" in store.notice
    (kept,) = tmp_path.glob(f"runs.sqlite.version-{version}.*")
    assert kept.name in store.notice
    with sqlite3.connect(kept) as old, sqlite3.connect(":memory:") as original:
        original.deserialize(before)
        assert list(old.iterdump()) == list(original.iterdump())

    finished, cut_off = store.comparison("cccc0001")
    assert finished.status is RunStatus.FINISHED
    assert cut_off.status is RunStatus.INTERRUPTED  # its worker speaks to the earlier version
    assert finished.weights == str(tmp_path / "weights" / "aaaa0001.safetensors")
    assert store.steps(finished.id)["loss"].tolist() == [1.0, 0.5]
    assert store.gradient_norms(finished.id).to_numpy().tolist() == [[1, 2], [3, 4]]
    assert len(store.weight_norms(finished.id)) == (2 if version >= "3" else 0)
    assert store.samples(finished.id) == [(3, b"png")]
    assert store.resume(cut_off.id)
    assert store.claim(Owner.here()).run_id == cut_off.id
    assert RunStore(url).notice == ""  # once

    fresh = shape(RunStore(f"sqlite:///{tmp_path}/fresh.sqlite"))
    assert shape(store) == fresh
    assert set(metadata.tables) | {"alembic_version"} == set(fresh)


def test_a_database_of_a_later_version_is_left_alone(tmp_path):
    store = RunStore(f"sqlite:///{tmp_path}/runs.sqlite")
    with store.engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '99'"))
    with pytest.raises(StoreError, match="newer version of this program"):
        RunStore(store.url)


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    url = make(tmp_path / "runs.sqlite", "1")
    broken = "resnet_viz.runs.opening._migrate"

    def fail(db, found):
        db.execute(text("ALTER TABLE runs ADD COLUMN half INTEGER"))
        raise OSError("no power")

    monkeypatch.setattr(broken, fail)
    with pytest.raises(StoreError, match="no power"):
        RunStore(url)
    monkeypatch.undo()
    assert "half" not in shape(RunStore(url))["runs"]


@pytest.mark.parametrize("damage", ["text", "header", "middle"])
def test_a_broken_database_is_set_aside_with_a_message_and_not_deleted(tmp_path, damage):
    path = tmp_path / "runs.sqlite"
    store = RunStore(f"sqlite:///{path}")
    store.add_comparison([({}, {})])
    with store.engine.connect() as db:
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    store.engine.dispose()
    content = bytearray(path.read_bytes())
    if damage == "text":
        content = bytearray(b"this is text, not a database " * 100)
    elif damage == "header":
        content[:100] = bytes(100)
    else:
        content[100:4096] = bytes(3996)  # the page that lists the tables
    path.write_bytes(content)
    again = RunStore(f"sqlite:///{path}")
    assert "set aside" in again.notice
    assert again.runs() == []
    (aside,) = tmp_path.glob("runs.sqlite.damaged.*")
    assert aside.name in again.notice
    assert aside.read_bytes() == content


@pytest.mark.process
def test_many_processes_open_a_fresh_database_at_once(tmp_path):
    code = f"from resnet_viz.runs import RunStore; RunStore('sqlite:///{tmp_path}/new.sqlite')"
    opened = [subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2]) for _ in range(6)]
    assert [process.wait() for process in opened] == [0] * 6


@pytest.mark.process
def test_many_processes_open_an_old_database_at_once(tmp_path):
    url = make(tmp_path / "runs.sqlite", "2")
    code = f"from resnet_viz.runs import RunStore; RunStore({url!r})"
    opened = [subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2]) for _ in range(4)]
    assert [process.wait() for process in opened] == [0] * 4
    assert len(list(tmp_path.glob("*.version-2.*"))) == 1


def test_pages_read_a_database_in_wal_mode(store, home):
    if store.engine.dialect.name == "sqlite":
        assert sqlite3.connect(home / "runs.sqlite").execute("pragma journal_mode").fetchone() == ("wal",)
