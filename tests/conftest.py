"""What tests share: a home of their own, a small real data set, and a finished comparison to look at."""

import zipfile
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from resnet_viz.data import ImageData, load_dataset
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import preset
from resnet_viz.training.worker import work

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference numbers and real data beside the checkout; tests that need it skip without it."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared data folder beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def cifar10_test(shared) -> tuple[torch.Tensor, torch.Tensor]:
    """The first 100 test pictures of each class of CIFAR-10, uint8 (1000, 32, 32, 3), class by class, and labels."""
    with zipfile.ZipFile(shared / "data" / "cifar10" / "test.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        classes = sorted({name.split("/")[-2] for name in names})
        picks = [name for cls in classes for name in [n for n in names if f"/{cls}/" in n][:100]]
        pictures = np.stack([np.asarray(Image.open(BytesIO(archive.read(name)))) for name in picks])
    return torch.from_numpy(pictures), torch.arange(10).repeat_interleave(100)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty RESNET_VIZ_HOME."""
    monkeypatch.setenv("RESNET_VIZ_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RESNET_VIZ_DATABASE_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture
def store(home) -> RunStore:
    return RunStore(Settings().store_url)


@pytest.fixture(scope="session")
def digits() -> ImageData:
    return load_dataset("digits")


@pytest.fixture(scope="session")
def few_digits(digits) -> ImageData:
    """160 training and 64 test pictures: one epoch is two steps of 64."""
    return replace(
        digits,
        train_pictures=digits.train_pictures[:160],
        train_labels=digits.train_labels[:160],
        test_pictures=digits.test_pictures[:64],
        test_labels=digits.test_labels[:64],
    )


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> tuple[Path, list[Run]]:
    """A home with one finished comparison: plain-8 and ResNet-8 (A), one epoch on digits, and its runs."""
    home = tmp_path_factory.mktemp("trained")
    settings = Settings(home=home)
    store = RunStore(settings.store_url)
    config = preset("digits", epochs=1, threads=2)
    runs = store.add_comparison([(asdict(NetSpec(family, 8)), asdict(config)) for family in ("plain", "resnet")])
    for run in runs:
        store.claim(run.id, at_once=None)
    return home, [work(store, settings, run.id) for run in runs]
