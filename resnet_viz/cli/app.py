"""`resnet-viz app`: start the dashboard, from whatever folder, as the project's own settings have it."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from resnet_viz.place import ROOT, STATIC, provide_plotly
from resnet_viz.settings import Settings


def app(asked: argparse.Namespace) -> int:
    """Start the dashboard; what stands after `--` goes to Streamlit (--server.address, --server.port, ...)."""
    try:
        provide_plotly()
    except OSError as error:
        print(
            f"plotly.js cannot be put into {STATIC} ({error.strerror}); run `resnet-viz app` once as somebody who may "
            "write there",
            file=sys.stderr,
        )
        return 1
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    for name in ("port", "address"):
        if getattr(asked, name) is not None:
            command += [f"--server.{name}", str(getattr(asked, name))]
    command += asked.more
    environment = _environment()
    os.chdir(ROOT)  # there Streamlit finds .streamlit/config.toml, with the theme and the limits
    if os.name == "posix":  # the server takes this process's place, and its signals
        os.execve(sys.executable, command, environment)
    return subprocess.call(command, env=environment)


def _environment() -> dict[str, str]:
    """The environment with the settings' folders as they are meant here: the server runs in another folder."""
    settings = Settings()
    storage = Path(settings.storage).expanduser().resolve() if "://" not in settings.storage else settings.storage
    places = {"HOME": settings.home, "DATA": settings.data, "STORAGE": settings.storage and storage}
    return os.environ | {f"RESNET_VIZ_{name}": str(place) for name, place in places.items() if place}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    command = commands.add_parser("app", help="start the dashboard", description=app.__doc__)
    command.set_defaults(run=app)
    command.add_argument("--port", type=int, help="(default 8501)")
    command.add_argument("--address", help="(default 127.0.0.1: this machine alone)")
    command.add_argument("more", nargs="*", metavar="OPTION", help="after --: options of `streamlit run`")
