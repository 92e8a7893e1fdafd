"""Does the doctor find what is wrong, say what to do, and leave everything as it was?"""

import json
import os
import socket
import sqlite3
from collections import namedtuple

import pytest

from resnet_viz.cli import doctor, look_at_machine, look_at_program, main
from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings


@pytest.fixture(autouse=True)
def quick(home, monkeypatch):
    """No step on a device and no network, but where a test asks for them."""
    monkeypatch.setattr(look_at_machine, "ADDRESS", "http://127.0.0.1:9/")
    monkeypatch.setattr(look_at_machine, "_seconds_of_step", lambda kind: 0.001)


def examine(capsys, *words: str) -> tuple[int, dict[str, list[dict]]]:
    """The exit code, and the findings by what they are about."""
    code = main(["doctor", "--json", *words])
    found: dict[str, list[dict]] = {}
    for finding in json.loads(capsys.readouterr().out):
        found.setdefault(finding["about"], []).append(finding)
    return code, found


def test_a_sound_installation_has_no_problem_and_is_left_as_it_was(capsys):
    code, found = examine(capsys)
    assert code == 0, found
    assert {"Python", "packages", "device", "home", "disk", "database", "recorded runs", "port"} <= found.keys()
    assert "will be made" in found["database"][0]["found"]
    assert not Settings().home.exists()
    assert found["network"][0]["state"] == "warning"
    assert "work without" in found["network"][0]["advice"]


def test_every_device_takes_a_real_step(capsys, monkeypatch):
    monkeypatch.undo()
    assert next(one.state for one in look_at_machine.look_at_devices()) == "ok"


def test_lines_for_people_say_state_finding_and_advice(capsys):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("ok       Python: 3.") for line in lines)
    assert any(line.strip().startswith("-> digits") for line in lines)


def test_a_misspelled_variable_is_told_with_its_neighbour(capsys, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_MAX_DEPHT", "20")
    code, found = examine(capsys)
    assert code == 0
    assert found["settings"][0]["found"] == "RESNET_VIZ_MAX_DEPHT is not read"
    assert found["settings"][0]["advice"] == "did you mean RESNET_VIZ_MAX_DEPTH?"


def test_a_variable_with_a_wrong_value_is_a_problem_for_all_commands(capsys, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_AT_ONCE", "several")
    code, found = examine(capsys)
    assert code == 1
    assert any(one["found"] == "RESNET_VIZ_AT_ONCE is 'several'" for one in found["settings"])
    assert main(["runs", "list"]) == 2
    assert "RESNET_VIZ_AT_ONCE is 'several'" in capsys.readouterr().err


def test_passwords_are_not_printed(capsys, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_DATABASE_URL", "postgresql+psycopg://me:secret@127.0.0.1:9/x")
    monkeypatch.setenv("RESNET_VIZ_STORAGE", "sftp://me:secret@host/x")
    monkeypatch.setattr(doctor, "LOOKS", (look_at_program.look_at_variables, look_at_machine.look_at_database))
    code, found = examine(capsys)
    assert code == 1
    assert "does not answer" in found["database"][0]["found"]
    assert "secret" not in json.dumps(found)


def test_databases_are_told_by_their_version_and_not_changed(store, capsys):
    path = Settings().home / "runs.sqlite"
    store.add_comparison([({}, {})])
    code, found = examine(capsys)
    assert found["database"][0]["found"].endswith("1 runs")
    store.engine.dispose()
    for version, state in (("4", "warning"), ("99", "problem")):
        with sqlite3.connect(path) as db:
            db.execute("UPDATE alembic_version SET version_num = ?", (version,))
        db.close()
        code, found = examine(capsys)
        assert (found["database"][0]["state"], code) == (state, int(state == "problem"))
        with sqlite3.connect(path) as db:
            assert db.execute("SELECT version_num FROM alembic_version").fetchone() == (version,)
        db.close()
    path.write_bytes(b"no database at all" * 1000)
    code, found = examine(capsys)
    assert (code, found["database"][0]["state"]) == (1, "problem")


def test_a_real_postgresql_is_looked_into(postgres_url, monkeypatch, capsys):
    RunStore(postgres_url)
    monkeypatch.setenv("RESNET_VIZ_DATABASE_URL", postgres_url)
    code, found = examine(capsys)
    assert (code, found["database"][0]["state"]) == (0, "ok")
    assert found["database"][0]["found"].endswith("0 runs")


@pytest.mark.long
def test_a_database_that_accepts_nobody_is_a_problem_and_no_wait_without_end(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "LOOKS", (look_at_machine.look_at_database,))
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen()  # and never a word
        url = f"postgresql+psycopg://x@127.0.0.1:{full.getsockname()[1]}/x"
        monkeypatch.setenv("RESNET_VIZ_DATABASE_URL", url)
        code, _ = examine(capsys)
    assert code == 1


def test_little_disk_is_a_warning_and_too_little_a_problem(capsys, monkeypatch):
    for free, state in ((10e9, "ok"), (1e9, "warning"), (1e8, "problem")):
        monkeypatch.setattr(look_at_machine.Storage, "free_bytes", lambda self, free=free: free)
        code, found = examine(capsys)
        assert (found["disk"][0]["state"], code) == (state, int(state == "problem"))


@pytest.mark.skipif(os.name != "posix", reason="needs a folder that cannot be written")
def test_a_home_that_cannot_be_written_is_a_problem(capsys, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_HOME", "/proc/1/home")
    code, found = examine(capsys)
    assert (code, found["home"][0]["state"]) == (1, "problem")
    assert "RESNET_VIZ_HOME" in found["home"][0]["advice"]


def test_an_old_python_and_a_missing_or_old_package_are_problems(capsys, monkeypatch):
    version = namedtuple("version", "major minor")
    monkeypatch.setattr(look_at_program.sys, "version_info", version(3, 9))
    wanted = [
        look_at_program.Requirement("torch>=99"),
        look_at_program.Requirement("no-such-package"),
        look_at_program.Requirement("tqdm"),
    ]
    monkeypatch.setattr(look_at_program, "_requirements", lambda: wanted)
    code, found = examine(capsys)
    assert code == 1
    assert found["Python"][0]["state"] == "problem"
    said, advice = found["packages"][0]["found"], found["packages"][0]["advice"]
    assert "no-such-package is missing" in said
    assert "torch is" in said
    assert "'torch>=99' 'no-such-package'" in advice
    assert "tqdm" not in advice


def test_a_taken_port_is_said(capsys, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(look_at_machine, "PORT", taken.getsockname()[1])
        code, found = examine(capsys)
    assert (code, found["port"][0]["state"]) == (0, "warning")


def test_a_look_that_fails_is_a_problem_and_not_a_traceback(capsys, monkeypatch):
    def look_at_the_moon():
        raise RuntimeError("clouds")
        yield

    monkeypatch.setattr(doctor, "LOOKS", (look_at_the_moon,))
    code, found = examine(capsys)
    assert code == 1
    assert "clouds" in found["the moon"][0]["found"]


def test_what_the_tests_need_is_looked_at_when_asked(capsys, monkeypatch):
    monkeypatch.setattr(look_at_program, "CHROMIUM", "/nowhere/chromium")
    assert "Chromium" not in examine(capsys)[1]
    code, found = examine(capsys, "--tests")
    assert (code, found["Chromium"][0]["state"]) == (1, "problem")
