"""Do the commands do what they say, with an exit code that a script can go by?"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from resnet_viz import place
from resnet_viz.cli import COMMANDS, app, build_parser, main, runs
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunStore, RunWriter
from resnet_viz.settings import Settings
from resnet_viz.training import preset, queue, queue_runs


@pytest.fixture
def nobody_works(monkeypatch):
    monkeypatch.setattr(queue, "see_to_runs", lambda store, settings: None)


@pytest.fixture
def there(trained, home):
    """The runs of `trained`, and nothing else, in a home of this test: other tests add to the one that they share."""
    shared, found = trained
    shutil.copytree(shared / "weights", home / "weights")
    RunStore(Settings(home=shared).store_url).copy_runs([run.id for run in found], RunStore(Settings().store_url))
    return found


def test_every_command_says_what_it_does(capsys):
    names = [name for action in build_parser()._actions if action.choices for name in action.choices]
    assert names == ["app", "train", "sweep", "runs", "export", "import", "doctor"]
    assert len(names) == len(COMMANDS)
    for name in names:
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0
        assert "usage: resnet-viz" in capsys.readouterr().out


@pytest.mark.process
def test_help_and_lists_do_not_wait_for_torch(home):
    code = "import sys; from resnet_viz.cli import main; main(['runs', 'list']); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=place.ROOT, capture_output=True).returncode == 0


@pytest.mark.process
def test_both_ways_to_the_command_line_are_one():
    for words in (["-m", "resnet_viz"], ["-c", "import sys; from resnet_viz.cli import main; sys.exit(main())"]):
        done = subprocess.run([sys.executable, *words, "--version"], cwd=place.ROOT, capture_output=True, text=True)
        assert done.stdout.strip() == "0.1.0"


def test_runs_are_listed_for_people_and_for_programs(there, capsys):
    assert main(["runs", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(there)
    assert {line.split()[0] for line in lines[1:]} == {run.id for run in there}
    assert main(["runs", "list", "--json", "--status", "finished"]) == 0
    assert {run["run_id"] for run in json.loads(capsys.readouterr().out)} == {run.id for run in there}
    assert main(["runs", "list", "--json", "--status", "failed"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_an_empty_store_says_what_makes_a_run(home, capsys):
    assert main(["runs", "list"]) == 0
    assert "resnet-viz train" in capsys.readouterr().out
    assert main(["runs", "list", "--recorded"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 20


def test_one_run_is_shown_with_all_that_is_known(there, capsys):
    assert main(["runs", "show", there[1].id]) == 0
    assert "ResNet-8 (A)" in capsys.readouterr().out
    assert main(["runs", "show", there[1].id, "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["spec"], shown["facts"]["form"]["size"]) == (there[1].spec, 16)
    assert main(["runs", "show", "nothere"]) == 2
    assert "there is no run nothere; `resnet-viz runs list`" in capsys.readouterr().err


def test_runs_are_paused_resumed_and_stopped(store, nobody_works, capsys):
    (run,) = queue_runs(store, Settings(), [(NetSpec("resnet", 8), preset("digits"))])
    for word, status in (("pause", "paused"), ("resume", "queued"), ("stop", "stopped"), ("resume", "queued")):
        assert main(["runs", word, run.id]) == 0
        assert str(store.run(run.id).status) == status
    RunWriter(store, store.claim(Owner.here())).end(RunStatus.FINISHED)
    for word in ("pause", "resume", "stop"):
        assert main(["runs", word, run.id]) == 2
        assert f"run {run.id} is finished" in capsys.readouterr().err
    assert main(["runs", "stop", "nothere"]) == 2


@pytest.mark.long
def test_a_script_and_onnx_are_written_where_asked(there, tmp_path, capsys):
    pytest.importorskip("onnx", reason="needs the onnx package")
    assert main(["export", there[1].id, "--script", "--onnx", "--to", str(tmp_path / "new")]) == 0
    names = {Path(line).name for line in capsys.readouterr().out.splitlines()}
    assert names == {f"run_{there[1].id}.py", f"run-{there[1].id}.onnx"}
    assert names == {path.name for path in (tmp_path / "new").iterdir()}


def test_a_folder_that_cannot_be_written_gets_a_sentence(there, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["export", there[1].id, "--to", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_dashboard_is_started_in_its_own_folder_with_ones_own_places(tmp_path, monkeypatch):
    started = {}

    def start(program, command, environment):
        started.update(command=command, environment=environment, folder=os.getcwd())
        raise SystemExit(0)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESNET_VIZ_HOME", "here")
    monkeypatch.setenv("RESNET_VIZ_STORAGE", "weights")
    monkeypatch.setattr(app.os, "execve", start)
    with pytest.raises(SystemExit):
        main(["app", "--port", "8600", "--address", "0.0.0.0", "--", "--server.baseUrlPath", "nets"])
    assert started["folder"] == str(place.ROOT)
    assert started["command"][1:] == [
        *("-m", "streamlit", "run", "app.py", "--server.port", "8600", "--server.address", "0.0.0.0"),
        *("--server.baseUrlPath", "nets"),
    ]
    assert started["environment"]["RESNET_VIZ_HOME"] == str(tmp_path / "here")
    assert started["environment"]["RESNET_VIZ_STORAGE"] == str(tmp_path / "weights")


def test_without_a_place_for_plotly_the_dashboard_says_what_to_do(monkeypatch, capsys):
    def refuse():
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(app, "provide_plotly", refuse)
    assert main(["app"]) == 1
    assert "run `resnet-viz app` once as somebody who may write there" in capsys.readouterr().err


def test_a_demonstration_trains_nothing(home, monkeypatch, capsys):
    monkeypatch.setenv("RESNET_VIZ_DEMO", "1")
    assert main(["train", "--depth", "8", "--epochs", "1"]) == 2
    assert "This is a demonstration" in capsys.readouterr().err
    assert RunStore(Settings().store_url).runs() == []


def test_the_row_of_a_run_is_as_wide_as_its_title():
    titles = {name: name for name in runs.COLUMNS}
    assert all(len(name) <= width for name, width in runs.COLUMNS.items())
    assert runs._line(titles).split() == " ".join(titles).split()
