"""Do two published CIFAR-10 nets, read by load_checkpoint, have exactly their published errors?

    python -m benchmarks.published_checkpoints SHARED_DATA > benchmarks/published_checkpoints.md

SHARED_DATA holds cifar10/test.zip (test/CLASS/*.png) and checkpoints/resnet20-12fca82f.th, resnet56-4bfd9763.th
of akamaster/pytorch_resnet_cifar10.
"""

import io
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.machine import describe
from resnet_viz.nets import load_checkpoint

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # what these nets were trained with
NETS = {"resnet20-12fca82f.th": 8.27, "resnet56-4bfd9763.th": 6.61}
BATCH = 500
FIRST = 50  # of each class: what the test looks at


def read_test_set(path: Path) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Normalized pictures (10000, 3, 32, 32), labels, and which are among the first of their class by name."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        pictures = np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in names])
    classes = [name.split("/")[-2] for name in names]
    known = sorted(set(classes))
    places = [classes[:i].count(cls) for i, cls in enumerate(classes)]
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    x = (x - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    return x, torch.tensor([known.index(cls) for cls in classes]), torch.tensor([place < FIRST for place in places])


def main() -> None:
    data = Path(sys.argv[1])
    x, labels, first = read_test_set(data / "cifar10" / "test.zip")
    print("# Published checkpoints on CIFAR-10's test set\n")
    print(describe())
    print(
        f"| file | recognized as | wrong of {len(labels):,} | error, % | published, % | wrong of the first "
        f"{FIRST} of each class | seconds |\n|---|---|---|---|---|---|---|"
    )
    for name, published in NETS.items():
        start = time.monotonic()
        net = load_checkpoint(data / "checkpoints" / name)
        with torch.inference_mode():
            wrong = torch.cat([net(part).argmax(1) for part in x.split(BATCH)]) != labels
        count = int(wrong.sum())
        print(
            f"| {name} | {net.spec} | {count} | {100 * count / len(labels):.2f} | {published} | "
            f"{int(wrong[first].sum())} | {time.monotonic() - start:.0f} |"
        )
    print("\nPublished: README of akamaster/pytorch_resnet_cifar10.")


if __name__ == "__main__":
    main()
