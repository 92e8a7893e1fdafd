"""Where do the pages lie, and what ships with them? Beside the package in a checkout, inside of it once installed."""

import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).parent
_INSTALLED = PACKAGE / "app"  # pyproject.toml puts app.py, pages, recorded and .streamlit there in a wheel
ROOT = _INSTALLED if _INSTALLED.is_dir() else PACKAGE.parent
STATIC = ROOT / "static"  # served by Streamlit under app/static


def provide_plotly() -> str:
    """The name of plotly.js in the static folder: the very file that the plotly package brings.

    Raises OSError where it is not there and the folder cannot be written.
    """
    target = STATIC / f"plotly-{version('plotly')}.min.js"
    if not target.exists():
        found = find_spec("plotly")
        assert found is not None
        assert found.origin is not None
        STATIC.mkdir(exist_ok=True)
        unfinished = target.with_suffix(".part")
        shutil.copyfile(Path(found.origin).parent / "package_data" / "plotly.min.js", unfinished)
        unfinished.replace(target)
    return target.name
