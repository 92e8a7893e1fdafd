"""Is the program as it should be? Python, packages, settings, and what ships with it."""

import difflib
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement
from pydantic import ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from resnet_viz import __version__
from resnet_viz.cli.finding import OK, PROBLEM, WARNING, Finding
from resnet_viz.place import ROOT, STATIC
from resnet_viz.runs import StoreError, recorded_stores
from resnet_viz.settings import Settings

PYTHONS = (3, 11), (3, 14)  # from, and below
EXTRAS = {
    "onnx": ("onnx", "onnxscript"),
    "postgres": ("psycopg",),
    "cluster": ("ray",),
    "tensorboard": ("tensorboard",),
}
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def look_at_python() -> Iterator[Finding]:
    """Whether this Python is one of those that were tested."""
    here, said = sys.version_info[:2], f"{platform.python_version()}, resnet-viz {__version__} in {ROOT}"
    if PYTHONS[0] <= here < PYTHONS[1]:
        yield Finding("Python", OK, said)
    else:
        yield Finding("Python", PROBLEM, said, "install Python 3.11, 3.12 or 3.13, and this program anew with it")


def look_at_packages() -> Iterator[Finding]:
    """Whether every package is there in a version that is asked for."""
    wrong = []
    wanted = _requirements()
    for one in wanted:
        try:
            found = version(one.name)
        except PackageNotFoundError:
            wrong.append(f"{one.name} is missing")
        else:
            if not one.specifier.contains(found, prereleases=True):
                wrong.append(f"{one.name} is {found}, not {one.specifier}")
    if wrong:
        named = " ".join(f"'{one}'" for one in wanted if any(said.startswith(f"{one.name} ") for said in wrong))
        yield Finding("packages", PROBLEM, "; ".join(wrong), f"{sys.executable} -m pip install {named}")
    else:
        main = ", ".join(f"{name} {version(name)}" for name in ("torch", "streamlit", "captum"))
        yield Finding("packages", OK, f"all {len(wanted)} as asked for ({main})")
    there = {extra: all(_is_installed(name) for name in names) for extra, names in EXTRAS.items()}
    said = ", ".join(f"{extra} {'yes' if is_there else 'no'}" for extra, is_there in there.items())
    yield Finding("extras", OK, said)


def _requirements() -> list[Requirement]:
    """What the installed package asks for, or in a checkout requirements.txt."""
    listed = ROOT / "requirements.txt"
    if listed.is_file():
        lines = listed.read_text().splitlines()
        return [Requirement(line) for line in lines if line.strip() and not line.startswith(("#", "-"))]
    found = [Requirement(line) for line in requires("resnet-viz") or []]
    return [one for one in found if one.marker is None]


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True


def look_at_variables() -> Iterator[Finding]:
    """Whether the RESNET_VIZ_* variables are such as are read, and have values that can be used."""
    known = [f"RESNET_VIZ_{name.upper()}" for name in Settings.model_fields]
    given = sorted(name for name in os.environ if name.upper().startswith("RESNET_VIZ"))
    for name in given:
        if name.upper() not in known:
            near = difflib.get_close_matches(name.upper(), known, 1)
            advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            yield Finding("settings", WARNING, f"{name} is not read", advice)
    try:
        Settings()
    except ValidationError as error:
        for one in error.errors():
            name = f"RESNET_VIZ_{'_'.join(map(str, one['loc'])).upper()}"
            yield Finding("settings", PROBLEM, f"{name} is {one['input']!r}", f"correct or unset it: {one['msg']}")
        return
    yield Finding("settings", OK, ", ".join(f"{name}={_hidden(name)}" for name in given if name in known) or "defaults")


def _hidden(name: str) -> str:
    """A variable's value without a password."""
    value = os.environ[name]
    try:
        return make_url(value).render_as_string(hide_password=True) if "://" in value else value
    except SQLAlchemyError:
        return "(not shown)"


def look_at_recorded_runs() -> Iterator[Finding]:
    """Whether the runs that ship with the project are there."""
    try:
        count = sum(len(store.runs()) for store in recorded_stores().values())
    except StoreError as error:
        yield Finding("recorded runs", PROBLEM, f"{error}", "install this program anew")
        return
    if count:
        yield Finding("recorded runs", OK, f"{count} that ship with the project")
    else:
        yield Finding("recorded runs", WARNING, "none", "install the whole project: the folder recorded/ is missing")


def look_at_dashboard() -> Iterator[Finding]:
    """Whether its files are there, and its port is free."""
    if not (ROOT / "app.py").is_file():
        yield Finding("dashboard", PROBLEM, f"there is no app.py in {ROOT}", "install this program anew")
    elif not (any(STATIC.glob("plotly-*.js")) or os.access(STATIC if STATIC.exists() else ROOT, os.W_OK)):
        advice = "run `resnet-viz app` once as somebody who may write there: plotly.js is put there then"
        yield Finding("dashboard", PROBLEM, f"{STATIC} has no plotly.js and cannot be written", advice)
    else:
        yield Finding("dashboard", OK, f"{ROOT / 'app.py'}")


def look_at_tests() -> Iterator[Finding]:
    """What `make test` needs beside the packages."""
    if Path(CHROMIUM).exists():
        yield Finding("Chromium", OK, CHROMIUM)
    else:
        yield Finding(
            "Chromium", PROBLEM, f"there is no {CHROMIUM}", "install it, or name it: make test CHROMIUM=/path"
        )
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if servers or shutil.which("initdb"):
        yield Finding("PostgreSQL", OK, str(servers[-1].parent) if servers else "initdb is there")
    else:
        yield Finding("PostgreSQL", PROBLEM, "its server is not installed", "install it: apt-get install postgresql")
