"""Does an installation hold all that the checkout runs with?"""

import tomllib
from pathlib import Path

import streamlit.config

from resnet_viz import place

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PROJECT["tool"]["setuptools"]
INSIDE = "resnet_viz.app"


def test_every_folder_with_code_is_a_package_of_the_wheel():
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "resnet_viz").rglob("*.py")}
    assert sorted(".".join(folder.parts) for folder in folders) == sorted(set(SETUPTOOLS["packages"]) - {INSIDE})


def test_what_lies_beside_the_package_is_put_inside():
    kept = {path for pattern in SETUPTOOLS["package-data"][INSIDE] for path in ROOT.glob(pattern)}
    needed = {ROOT / ".streamlit" / "config.toml", *(ROOT / "pages").glob("*.py")}
    needed |= {path for path in (ROOT / "recorded").rglob("*") if path.is_file() and "-" not in path.suffix}
    assert needed <= kept
    assert SETUPTOOLS["package-dir"][INSIDE] == "."
    assert (place.ROOT, place.STATIC) == (ROOT, ROOT / "static")


def test_all_other_files_of_the_package_are_listed():
    package = ROOT / "resnet_viz"
    others = {path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    data = {room: patterns for room, patterns in SETUPTOOLS["package-data"].items() if room != INSIDE}
    folders = {room: package / room.partition(".")[2] for room in data}
    listed = {path for room, patterns in data.items() for pattern in patterns for path in folders[room].glob(pattern)}
    assert others == listed


def test_the_command_is_there():
    assert PROJECT["project"]["scripts"] == {"resnet-viz": "resnet_viz.cli:main"}


def test_every_extra_can_be_installed_with_the_tested_versions():
    from packaging.requirements import Requirement

    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    tested = {name.lower().replace("_", "-"): version for name, version in (line.split("==") for line in lines)}
    for extra, wanted in PROJECT["project"]["optional-dependencies"].items():
        for one in map(Requirement, wanted):
            assert one.specifier.contains(tested[one.name.lower()]), extra


def test_every_option_of_the_server_is_one_that_streamlit_knows():
    settings = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    known = streamlit.config.get_config_options()
    for section in ("server", "browser", "global", "client"):
        for name in settings[section]:
            assert f"{section}.{name}" in known
