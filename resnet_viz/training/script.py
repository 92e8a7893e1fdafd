"""Can a run be repeated without this project? A Python file that needs torch, torchvision and scikit-learn alone.

The net comes from `nets.to_python`, and what the loop computes with is written down as it stands here, so that the
file does the same operations in the same order.
"""

import inspect
import pprint
from typing import Any

from resnet_viz.data import DATASETS
from resnet_viz.data.augment import AUGMENTATIONS_APPLIED, HOLE, PADDING, Draws, draw_epoch
from resnet_viz.data.pictures import fit_picture
from resnet_viz.nets import NetSpec, to_python
from resnet_viz.nets.blocks import GATE_BIAS
from resnet_viz.nets.build import NAIVE_STD
from resnet_viz.training import schedule
from resnet_viz.training.config import ConfigError, TrainingConfig

# What torchvision calls a data set, and how its parts are asked for.
SOURCES = {
    "cifar10": ("CIFAR10", "train=True", "train=False"),
    "cifar100": ("CIFAR100", "train=True", "train=False"),
    "mnist": ("MNIST", "train=True", "train=False"),
    "fashion": ("FashionMNIST", "train=True", "train=False"),
    "kmnist": ("KMNIST", "train=True", "train=False"),
    "svhn": ("SVHN", 'split="train"', 'split="test"'),
    "stl10": ("STL10", 'split="train"', 'split="test"'),
}
# What of a configuration the script's own code asks for.
KEPT = [
    *("seed", "epochs", "iterations", "more_epochs", "batch_size", "subset", "held_out"),
    *("schedule", "peak_lr", "warm_up", "momentum", "nesterov", "weight_decay"),
    *("augmentation", "label_smoothing", "clip_norm"),
]
DRAWN = {
    "he": 'nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")',
    "xavier": "nn.init.xavier_normal_(module.weight)",
    "orthogonal": "nn.init.orthogonal_(module.weight)",
    "normal": f"nn.init.normal_(module.weight, std={NAIVE_STD})",
}


def to_script(spec: dict[str, Any], config: dict[str, Any], facts: dict[str, Any], run_id: str = "") -> str:
    """The source of a file that repeats a run; its net, configuration and facts as the store has them.

    Raises ConfigError with a sentence for a run that such a file cannot repeat.
    """
    wanted = TrainingConfig(**config)
    net = NetSpec(**facts.get("spec", spec))
    _check(wanted, facts)
    parts = [
        f"{_head(net, wanted, facts, run_id)}\n\n{_settings(wanted, facts)}",
        _net(net),
        _initialization(net),
        _data(wanted),
        *_batches(wanted),
        *_rates(wanted),
        _MAIN.replace("OPTIMIZER", _optimizer(wanted)),
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


def _check(config: TrainingConfig, facts: dict[str, Any]) -> None:
    if config.dataset != "digits" and config.dataset not in SOURCES:
        title = DATASETS[config.dataset].title
        raise ConfigError(f"a script can repeat runs on digits and on torchvision's data sets, not on: {title}")
    if config.start:
        raise ConfigError(
            f"the run began with the trained net of run {config.start}; a script begins with drawn weights"
        )
    if "form" not in facts:
        raise ConfigError("the run never began; there is nothing to repeat")


def _head(spec: NetSpec, config: TrainingConfig, facts: dict[str, Any], run_id: str) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    title = f"{spec.name} on {DATASETS[config.dataset].title}, seed {config.seed}"
    return f'''"""{title}: repeats run {run_id or "(no id)"}.

It was trained on {facts["device"]} ({facts["precision"]}, {facts["threads"]} threads) with {versions}.
{_exactness(config, facts)}

Needs torch, torchvision, numpy, pillow and scikit-learn. Writes every step to curve.csv, every epoch to the screen.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor, nn'''


def _exactness(config: TrainingConfig, facts: dict[str, Any]) -> str:
    """What can be promised of the curve."""
    if not is_exact(config, facts):
        return "The curve will be close and not the same to the bit: " + _why_not(facts)
    order = "" if config.dataset == "digits" else " (and data from torchvision's files, not from a folder of pictures)"
    return f"On the same processor, with the same versions{order}, the curve is the same to the bit."


def is_exact(config: TrainingConfig, facts: dict[str, Any]) -> bool:
    """Whether the script gives the run's curve to the bit, on the same processor and with the same versions."""
    return not _why_not(facts)


def _why_not(facts: dict[str, Any]) -> str:
    if not facts["device"].startswith("CPU"):
        return "a GPU adds in another order each time."
    if facts["precision"] != "fp32":
        return f"it was trained in {facts['precision']}."
    if len(facts.get("steps_by_threads", {})) > 1:
        return "the number of threads changed while it was trained."
    return ""


def _settings(config: TrainingConfig, facts: dict[str, Any]) -> str:
    form = facts["form"]
    device = "cpu" if facts["device"].startswith("CPU") else "mps" if facts["device"].startswith("Apple") else "cuda"
    values = {name: getattr(config, name) for name in KEPT} | {"size": form["size"], "precision": facts["precision"]}
    lines = "".join(f"    {name}={value!r},\n" for name, value in values.items())
    classes = pprint.pformat(list(form["classes"]), width=112, compact=True)
    mean, std = (list(form[name]) for name in ("mean", "std"))
    return (
        f"config = SimpleNamespace(\n{lines})\nDEVICE = {device!r}\nTHREADS = {facts['threads']}\n"
        f"CLASSES = {classes}\nMEAN, STD = {mean}, {std}  # of the training pictures, a number a channel"
    )


def _net(spec: NetSpec) -> str:
    """Blocks and `build()` of the net's own file, without its docstring, imports and example."""
    source = to_python(spec)
    body = source.split('"""\n', 1)[1]  # behind the module's docstring
    pieces = body.split("\n\n\n")[1:-1]  # without imports and example
    return "\n\n\n".join(pieces)


def _initialization(spec: NetSpec) -> str:
    zeroed = """
    for block in net.modules():
        if type(block).__name__ == "Block":
            norms = [module for module in block.branch.modules() if isinstance(module, nn.BatchNorm2d)]
            nn.init.zeros_(norms[-1].weight)
"""
    return f'''
def initialize(net: nn.Module) -> None:
    """Draw the weights: those of the main path first, those of shortcuts and gates after them."""
    modules = sorted(net.named_modules(), key=lambda named: ".shortcut." in named[0] or ".gate." in named[0])
    for name, module in modules:
        if isinstance(module, nn.Conv2d):
            {DRAWN[spec.initialization]}
            if module.bias is not None:
                nn.init.constant_(module.bias, {GATE_BIAS} if ".gate." in name else 0.0)
        elif isinstance(module, (nn.BatchNorm2d, nn.Linear)):
            module.reset_parameters()
{zeroed if spec.zero_last_norm else ""}'''


_DIGITS = '''
def load_data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training pictures uint8 (N, H, W, C), their labels, and the same of the test."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    gray = (digits.images * (255 / 16)).round().astype(np.uint8)  # (1797, 8, 8), were 0 to 16
    pictures = resize(gray[..., None])
    train, test = train_test_split(np.arange(len(gray)), test_size=TEST, random_state=0, stratify=digits.target)
    labels = digits.target.astype(np.int64)
    return pictures[train], labels[train], pictures[test], labels[test]
'''
_PUBLISHED = '''
def load_data() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training pictures uint8 (N, H, W, C), their labels, and the same of the test; fetched once into ./data."""
    from torchvision import datasets

    found = []
    for part in (datasets.KIND("data", download=True, FIRST), datasets.KIND("data", download=True, SECOND)):
        pictures = np.asarray(part.data)
        if pictures.ndim == 3:
            pictures = pictures[..., None]  # gray
        elif pictures.shape[1] == 3 and pictures.shape[3] != 3:
            pictures = pictures.transpose(0, 2, 3, 1)  # were (N, C, H, W)
        labels = part.labels if hasattr(part, "labels") else part.targets
        found += [resize(pictures), np.asarray(labels, dtype=np.int64)]
    return tuple(found)
'''
_RESIZE = '''
def resize(pictures: np.ndarray) -> np.ndarray:
    """Pictures (N, H, W, C) brought to the size that the net is trained with."""
    if pictures.shape[1:3] == (config.size, config.size):
        return np.ascontiguousarray(pictures)
    channels = pictures.shape[3]
    images = (Image.fromarray(picture if channels == 3 else picture[..., 0]) for picture in pictures)
    return np.stack([fit_picture(image, config.size, channels) for image in images])
'''


def _data(config: TrainingConfig) -> str:
    if config.dataset == "digits":
        from resnet_viz.data.datasets import DIGITS_TEST

        load = _DIGITS.replace("TEST", str(DIGITS_TEST))
    else:
        kind, first, second = SOURCES[config.dataset]
        load = _PUBLISHED.replace("KIND", kind).replace("FIRST", first).replace("SECOND", second)
    pieces = [inspect.getsource(fit_picture), _RESIZE, load]
    return "\n\n\n".join(piece.strip("\n") for piece in pieces)


def _batches(config: TrainingConfig) -> list[str]:
    """What an epoch draws, and the augmentation of a batch."""
    changes = AUGMENTATIONS_APPLIED[config.augmentation]
    constants = f"PADDING = {PADDING}" + (f"\nHOLE = {HOLE}" if config.augmentation == "cutout" else "")
    steps = "".join(f"    x = {change.__name__}(x, draws)\n" for change in changes)
    return [
        constants,
        inspect.getsource(Draws).replace('"Draws"', "Draws"),
        inspect.getsource(draw_epoch),
        *(inspect.getsource(change) for change in changes),
        f'def augment(x: Tensor, draws: Draws) -> Tensor:\n    """Normalized pictures (B, C, H, W), varied."""\n'
        f"{steps}    return x",
    ]


def _rates(config: TrainingConfig) -> list[str]:
    constants = [f"{name} = {getattr(schedule, name)!r}" for name in ("RISE", "START", "END")]
    if config.warm_up:
        names = ("WARM_UP_SHARE", "WARM_UP_ERROR", "WARM_UP_STEPS")
        constants += [f"{name} = {getattr(schedule, name)!r}" for name in names]
    else:
        constants += ["WARM_UP_SHARE, WARM_UP_ERROR, WARM_UP_STEPS = 1.0, 0.0, 1  # there is none"]
    sources = [inspect.getsource(one) for one in (schedule._along_cosine, schedule.planned_rates)]
    return ["\n".join(constants), *(source.replace("config: TrainingConfig", "config") for source in sources)]


def _optimizer(config: TrainingConfig) -> str:
    common = "lr=config.peak_lr, weight_decay=config.weight_decay"
    if config.optimizer == "sgd":
        nesterov = config.nesterov and config.momentum > 0
        return f"torch.optim.SGD(net.parameters(), momentum=config.momentum, nesterov={nesterov}, {common})"
    return f"torch.optim.{ {'adam': 'Adam', 'adamw': 'AdamW'}[config.optimizer] }(net.parameters(), {common})"


_MAIN = '''
def normalize(pictures: Tensor) -> Tensor:
    """Pictures uint8 (B, H, W, C) as the net takes them: float32 (B, C, H, W), channels_last."""
    x = pictures.permute(0, 3, 1, 2).float().div_(255)
    mean, std = (torch.tensor(values, device=x.device).view(1, -1, 1, 1) for values in (MEAN, STD))
    return (x - mean) / std


def loss_of(logits: Tensor, labels: Tensor, draws: Draws) -> Tensor:
    """Cross entropy of logits (B, classes) and labels (B,), shape ()."""
    loss = F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
    if config.augmentation != "mixup":
        return loss
    other = F.cross_entropy(logits, labels[draws.partner], label_smoothing=config.label_smoothing)
    share = draws.share[0]  # one for the batch
    return share * loss + (1 - share) * other


@torch.no_grad()
def evaluate(net: nn.Module, pictures: np.ndarray, labels: np.ndarray, batch_size: int) -> tuple[float, float]:
    """Mean loss and error on the test pictures."""
    net.eval()
    loss, wrong = 0.0, 0
    for first in range(0, len(labels), batch_size):
        part = slice(first, first + batch_size)
        with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=config.precision == "bf16"):
            logits = net(normalize(torch.from_numpy(np.ascontiguousarray(pictures[part])).to(DEVICE))).float()
        answers = torch.from_numpy(labels[part]).to(DEVICE)
        loss += float(F.cross_entropy(logits, answers, reduction="sum"))
        wrong += int((logits.argmax(1) != answers).sum())
    return loss / len(labels), wrong / len(labels)


def main() -> None:
    """Train, and write down what happens."""
    torch.set_num_threads(THREADS)
    train, train_labels, test, test_labels = load_data()
    left = np.random.default_rng(0).permutation(len(train_labels))[config.held_out :]
    chosen = np.sort(left[: config.subset or len(left)])  # the same pictures for every seed
    batch_size = min(config.batch_size, len(chosen))
    an_epoch = len(chosen) // batch_size
    parts = [config.iterations or config.epochs * an_epoch, *(epochs * an_epoch for epochs in config.more_epochs)]
    rates = np.concatenate([planned_rates(config, part) for part in parts])

    net = build()
    torch.manual_seed(config.seed)  # the initialization
    chance = torch.Generator().manual_seed(config.seed)  # the data order and the augmentation
    initialize(net)
    net = net.to(DEVICE).to(memory_format=torch.channels_last)
    pictures, labels = (torch.from_numpy(values[chosen]).to(DEVICE) for values in (train, train_labels))
    optimizer = OPTIMIZER
    warms_up, recent = config.warm_up, []

    step, epoch = 0, 0
    with Path("curve.csv").open("w") as curve:
        curve.write("step,loss,error,learning_rate\\n")
        for part in parts:
            left_of_part = part
            while left_of_part:
                steps = min(an_epoch, left_of_part)
                left_of_part -= steps
                net.train()
                mixes = config.augmentation == "mixup"
                draws = draw_epoch(len(labels), steps * batch_size, batch_size, config.size, mixes, chance).to(DEVICE)
                errors = []
                for batch in draws.split(batch_size):
                    rate = float(rates[step]) * (WARM_UP_SHARE if warms_up else 1.0)
                    for group in optimizer.param_groups:
                        group["lr"] = rate
                    x, right = augment(normalize(pictures[batch.order]), batch), labels[batch.order]
                    with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=config.precision == "bf16"):
                        logits = net(x)
                        loss = loss_of(logits, right, batch)
                    optimizer.zero_grad()
                    loss.backward()
                    if config.clip_norm:
                        nn.utils.clip_grad_norm_(net.parameters(), config.clip_norm)
                    optimizer.step()
                    error = float((logits.argmax(1) != right).float().mean())
                    step += 1
                    errors.append(error)
                    curve.write(f"{step},{loss.item()!r},{error!r},{rate!r}\\n")
                    if warms_up:
                        recent.append(error)
                        if step % WARM_UP_STEPS == 0:
                            warms_up = float(np.mean(recent)) >= WARM_UP_ERROR
                            recent.clear()
                    if not np.isfinite(loss.item()):
                        raise SystemExit(f"diverged at step {step}: the loss is no longer a number")
                epoch += 1
                test_loss, test_error = evaluate(net, test, test_labels, min(max(batch_size, 32), 256))
                said = f"training error {np.mean(errors):.2%}, test error {test_error:.2%}, test loss {test_loss:.4f}"
                print(f"epoch {epoch}: {said}", flush=True)
    torch.save(net.state_dict(), "weights.pt")


if __name__ == "__main__":
    main()
'''
