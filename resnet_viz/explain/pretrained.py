"""Which published nets can be asked? torchvision's ResNets and VGG nets for the 1,000 classes of ImageNet, on request.

The weights are those of the papers' own recipe (torchvision's IMAGENET1K_V1). Nothing is fetched before somebody asks.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from resnet_viz import nets
from resnet_viz.data import PictureFormat
from resnet_viz.data.download import Progress, Remote, fetch

if TYPE_CHECKING:
    from resnet_viz.nets import ConvNet

NAMES = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "vgg16", "vgg19")
SEEN = 224 / 256  # of the middle square's side: pictures are brought to 256 pixels, and the middle 224 are seen


@dataclass(frozen=True)
class Published:
    """Weights that can be fetched: what the net is called, from where, how large, and what they take.

    `top_1` is torchvision's own accuracy on ImageNet's validation pictures, in %.
    """

    name: str
    title: str
    url: str
    megabytes: float
    top_1: float
    form: PictureFormat

    @property
    def file(self) -> str:
        """The name of the file."""
        return self.url.rpartition("/")[2]

    @property
    def sha256(self) -> str:
        """The first eight digits of the file's SHA-256, which are in its name."""
        return self.file.rpartition(".")[0].rpartition("-")[2]


@lru_cache(maxsize=1)
def published_nets() -> dict[str, Published]:
    """All that can be fetched, by torchvision's names."""
    from torchvision.models import get_model_weights

    found = {}
    for name in NAMES:
        weights = get_model_weights(name).IMAGENET1K_V1
        means = weights.transforms()
        classes = tuple(weights.meta["categories"])
        form = PictureFormat(224, 3, classes, tuple(means.mean), tuple(means.std), SEEN)
        top_1 = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
        title = name.replace("resnet", "ResNet-").replace("vgg", "VGG-") + " (torchvision)"
        found[name] = Published(name, title, weights.url, weights.meta["_file_size"], top_1, form)
    return found


def path_of(net: Published, home: Path) -> Path:
    """Where the weights are kept, or will be."""
    return home / "pretrained" / net.file


def fetch_published(net: Published, home: Path, progress: Progress) -> Path:
    """Bring weights to this machine, unless they are there; what broke off goes on where it ended.

    Raises DatasetError with a sentence where the network, the disk or the checksum fails.
    """
    fetch([_remote(net, home)], net.title, progress)
    return path_of(net, home)


def load_published(net: Published, home: Path) -> "ConvNet":
    """The net from its file. Raises CheckpointError where that is not the file that was published."""
    path = path_of(net, home)
    if not _remote(net, home).is_at(path):  # somebody put it there, or the disk failed
        raise nets.CheckpointError(
            f"{path} is not the file that torchvision published, as its SHA-256 does not begin with {net.sha256}; "
            f"delete it, and fetch {net.title} again"
        )
    return nets.load_checkpoint(path)


def _remote(net: Published, home: Path) -> Remote:
    return Remote((net.url,), path_of(net, home), sha256=net.sha256)
