"""What can this machine do? Devices, folders, disk, database, port and network."""

import socket
import tempfile
import time
import urllib.request
from collections.abc import Iterator

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from resnet_viz import training  # by room: `training.find_devices` imports torch when it is called, not here
from resnet_viz.cli.finding import OK, PROBLEM, WARNING, Finding
from resnet_viz.runs.opening import file_of
from resnet_viz.runs.schema import VERSION
from resnet_viz.settings import Settings
from resnet_viz.training.storage import Storage

ADDRESS = "https://download.pytorch.org/"
PATIENCE = 3.0  # seconds for a machine elsewhere
PORT = 8501
TRIES = 4  # of a step: the first ones load libraries


def look_at_devices() -> Iterator[Finding]:
    """Whether torch can compute with what it finds: one real step on each device."""
    for device in training.find_devices():
        try:
            seconds = min(_seconds_of_step(device.kind) for _ in range(TRIES))
            precision = training.resolve_precision("auto", device)
        except RuntimeError as error:
            said = str(error).partition("\n")[0]
            advice = "free its memory, or mend its driver; until then choose the CPU (--device cpu)"
            yield Finding("device", PROBLEM, f"{device.title} cannot take a step ({said})", advice)
        else:
            said = f"{device.title}, a small step in {seconds * 1000:.1f} ms, trains in {precision}"
            yield Finding("device", OK, said)
    if (cores := training.count_cores()) < 2:
        yield Finding("device", WARNING, f"{cores} core", "the two nets of a comparison will train one after the other")


def _seconds_of_step(kind: str) -> float:
    import torch

    conv = torch.nn.Conv2d(3, 16, 3, padding=1).to(kind)
    x = torch.randn(32, 3, 32, 32, device=kind)
    start = time.perf_counter()
    conv(x).square().mean().backward()
    assert conv.weight.grad is not None
    assert bool(torch.isfinite(conv.weight.grad).all())  # waits for the device
    return time.perf_counter() - start


def look_at_folders() -> Iterator[Finding]:
    """Whether the home folder can be written, and the disk has room."""
    settings = Settings()
    for about, place in (("home", settings.home), ("data", settings.data_root)):
        there = next(folder for folder in (place, *place.parents) if folder.exists())
        try:
            with tempfile.TemporaryFile(dir=there) as file:
                file.write(b"x")
        except OSError as error:
            name = "RESNET_VIZ_HOME" if about == "home" else "RESNET_VIZ_DATA"
            advice = f"make it writable, or name another folder in {name}"
            yield Finding(about, PROBLEM, f"{place} cannot be written ({error.strerror})", advice)
        else:
            yield Finding(about, OK, f"{place}{'' if place.exists() else ' (will be made)'}")
    free = Storage(settings.storage_url).free_bytes() / 1e9
    if free < settings.keep_free:
        said, advice = f"{free:.1f} GB free, {settings.keep_free:g} GB are kept free", "free some space: nothing trains"
        yield Finding("disk", PROBLEM, said, advice)
    elif free < settings.keep_free + 2:
        yield Finding("disk", WARNING, f"{free:.1f} GB free", "CIFAR-10 takes 0.5 GB, a long run of ResNet-110 0.2 GB")
    else:
        yield Finding("disk", OK, f"{free:.0f} GB free" if free < float("inf") else "a storage without a bound")


def look_at_database() -> Iterator[Finding]:
    """Whether the database opens, and which version of the schema it has; it is not changed."""
    url = make_url(Settings().store_url)
    said, path = url.render_as_string(hide_password=True), file_of(url)
    if path is not None and not path.exists():
        yield Finding("database", OK, f"{said} (will be made)")
        return
    if url.host and (trouble := _unreachable(url.host, url.port or 5432)):
        advice = "start it, or check RESNET_VIZ_DATABASE_URL and the way to it"
        yield Finding("database", PROBLEM, f"{said} does not answer ({trouble})", advice)
        return
    try:
        place = f"sqlite:///file:{path.resolve()}?mode=ro&uri=true" if path else url
        limits = {"connect_timeout": int(PATIENCE)} if url.get_backend_name() == "postgresql" else {}
        engine = create_engine(place, connect_args=limits)
        with engine.connect() as db:
            tables = inspect(db).get_table_names()
            query = text("SELECT version_num FROM alembic_version")
            found = db.execute(query).scalar_one() if "alembic_version" in tables else None
            runs = db.execute(text("SELECT count(*) FROM runs")).scalar_one() if "runs" in tables else 0
        engine.dispose()
    except (SQLAlchemyError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        missing = "pip install 'resnet-viz[postgres]'" if isinstance(error, ImportError) else ""
        advice = missing or "a damaged SQLite file is set aside at the next start; check the URL of any other"
        yield Finding("database", PROBLEM, f"{said} cannot be read ({reason})", advice)
        return
    if found == VERSION or not tables:
        yield Finding("database", OK, f"{said}, schema {VERSION}, {runs:,} runs")
    elif found is None or int(found) < int(VERSION):
        advice = "the next start leads it on and keeps a copy of an SQLite file; back up any other"
        yield Finding("database", WARNING, f"{said} has an earlier schema ({found or 'no number'})", advice)
    else:
        advice = "update this program, or give it another database"
        yield Finding("database", PROBLEM, f"{said} has schema {found}, and {VERSION} is known here", advice)


def _unreachable(host: str, port: int) -> str:
    """Why nothing listens there; empty where something does."""
    try:
        with socket.create_connection((host, port), PATIENCE):
            return ""
    except OSError as error:
        return error.strerror or str(error) or "no answer"


def look_at_port() -> Iterator[Finding]:
    """Whether the dashboard's usual port is free."""
    with socket.socket() as probe:
        probe.settimeout(PATIENCE)
        is_taken = probe.connect_ex(("127.0.0.1", PORT)) == 0
    if is_taken:
        advice = "perhaps the dashboard itself; else start it with `resnet-viz app --port 8502`"
        yield Finding("port", WARNING, f"{PORT} is taken", advice)
    else:
        yield Finding("port", OK, f"{PORT} is free")


def look_at_network() -> Iterator[Finding]:
    """Whether data sets and torch can be fetched; much works without."""
    try:
        urllib.request.urlopen(urllib.request.Request(ADDRESS, method="HEAD"), timeout=PATIENCE).close()
    except OSError as error:
        said = f"{ADDRESS} does not answer ({getattr(error, 'reason', None) or error})"
        advice = (
            "digits, your own pictures, data that is here and recorded runs work without; other data is not fetched"
        )
        yield Finding("network", WARNING, said, advice)
    else:
        yield Finding("network", OK, f"{ADDRESS} answers")
