"""Where should a net look, and does it? Ten shapes in pictures drawn by seed, each with the mask of its object.

Nothing but the shape tells the class: area, place, turn, both colors and both textures are drawn without a look at it,
and bits of the object's own texture lie about in the background. So what a map says of a net's answer can be held
against the place where the answer stands.

Corners are rounded to whole units before Pillow fills what is between them, and colors are computed in 64-bit floats:
the same NumPy and Pillow give the same bytes on every machine.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from resnet_viz.data.cache import ImageData, format_of

SIZE, FINER = 32, 8  # pixels a side; units a pixel that outlines are drawn in
COUNTS = {"train": 5_000, "test": 1_000}
SEED = 20151210
SIDES = (9.0, 14.5)  # square root of an object's area in pixels: 8 to 20 % of the picture
MARGIN = 1.0  # pixels from an object to the edge, at least
BITS, BIT_CORNERS, BIT_REACH = 5, 5, (1.2, 2.8)  # bits of texture a picture, their corners, and how far out these are
GAP = 2  # pixels that bits keep off the object, or they would change its outline
CONTRAST = 0.5  # from the object's color to the background's, at least; it is 1.73 from black to white
COLORS, TINT = (0.15, 0.85), 0.25  # range of a channel, and how far a texture goes up and down from it
PERIODS = (3.0, 8.0)  # pixels from one stripe to the next
CHUNK = 500  # pictures painted at once
ROUND = 48  # corners of a circle

Outline = np.ndarray  # (corners, 2): x, and y downward


def _around(radii: Iterable[float]) -> Outline:
    """Corners at equal angles about the middle, the first one at the top."""
    reach = np.array(list(radii))
    angles = 2 * np.pi * np.arange(len(reach)) / len(reach)
    return np.stack([reach * np.sin(angles), -reach * np.cos(angles)], 1)


def _box(x: float, y: float) -> Outline:
    return np.array([(-x, -y), (x, -y), (x, y), (-x, y)])


def _cross(arm: float) -> Outline:
    corners = np.array([(-arm, -1), (arm, -1), (arm, -arm)])  # those of the arm that points up
    turns = [np.linalg.matrix_power(np.array([(0, 1), (-1, 0)]), quarter) for quarter in range(4)]
    return np.concatenate([corners @ turn for turn in turns])


def _heart() -> Outline:
    t = 2 * np.pi * np.arange(ROUND) / ROUND
    y = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, -y - 2.5], 1) / 16


# The first outline is filled, a second one cut out. Each is its own mirror image, so a flip leaves the class as it is.
SHAPES: dict[str, tuple[Outline, ...]] = {
    "disc": (_around([1] * ROUND),),
    "ring": (_around([1] * ROUND), _around([0.55] * ROUND)),
    "square": (_box(1, 1),),
    "triangle": (_around([1] * 3),),
    "star": (_around([1, 0.45] * 5),),
    "cross": (_cross(0.36),),
    "crescent": (_around([1] * ROUND), _around([0.8] * ROUND) + np.array([0.5, 0])),
    "heart": (_heart(),),
    "bar": (_box(1.3, 0.5),),
    "hourglass": (np.array([(-1, -1.1), (1, -1.1), (0.25, 0), (1, 1.1), (-1, 1.1), (-0.25, 0)]),),
}


def _grain(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Cells of half a period, each with a value of its own."""
    sheet = np.random.default_rng(SEED).uniform(-1, 1, (64, 64))
    rows, columns = (np.floor(2 * axis).astype(int) % 64 for axis in (u, v))
    return sheet[rows, columns]


# Values from -1 to 1 at places (N, H, W), in periods along and across the turned texture.
PATTERNS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "stripes": lambda u, v: np.sin(2 * np.pi * u),
    "checks": lambda u, v: np.clip(3 * np.sin(np.pi * u) * np.sin(np.pi * v), -1, 1),
    "dots": lambda u, v: np.clip(2 * np.cos(2 * np.pi * u) + 2 * np.cos(2 * np.pi * v) - 1, -1, 1),
    "noise": _grain,
    "gradient": lambda u, v: u / np.abs(u).max((1, 2), keepdims=True),
}


@dataclass(frozen=True)
class Textures:
    """One texture a picture: `pattern` is of PATTERNS, `phase` (N, 2) in periods, `color` and `tint` are (N, 3)."""

    pattern: np.ndarray
    turn: np.ndarray
    period: np.ndarray
    phase: np.ndarray
    color: np.ndarray
    tint: np.ndarray

    def paint(self) -> np.ndarray:
        """The textures all over their pictures: (N, H, W, 3), from 0 to 1 or a little beyond."""
        across = np.arange(SIZE) - (SIZE - 1) / 2
        turn, period = self.turn[:, None, None], self.period[:, None, None]
        u = (np.cos(turn) * across + np.sin(turn) * across[:, None]) / period + self.phase[:, :1, None]  # (N, H, W)
        v = (np.cos(turn) * across[:, None] - np.sin(turn) * across) / period + self.phase[:, 1:, None]
        waves = np.empty_like(u)
        for pattern, wave in enumerate(PATTERNS.values()):
            chosen = self.pattern == pattern
            waves[chosen] = wave(u[chosen], v[chosen])
        return self.color[:, None, None] + self.tint[:, None, None] * waves[..., None]


@dataclass(frozen=True)
class Scenes:
    """All that is in some pictures: of each a class, an object, bits of its texture, and what is behind them.

    `cover` and `bits` (N, H, W), 0 to 1, say how much of a pixel the object covers, and the bits; only the former has
    to do with the class.
    """

    labels: np.ndarray
    cover: np.ndarray
    bits: np.ndarray
    front: Textures
    back: Textures

    def paint(self) -> np.ndarray:
        """The pictures, uint8 (N, H, W, 3)."""
        share = np.maximum(self.cover, self.bits)[..., None]
        back = self.back.paint()
        values = back + share * (self.front.paint() - back)
        return (np.clip(values, 0, 1) * 255).round().astype(np.uint8)


def draw_scenes(count: int, seed: tuple[int, int]) -> Scenes:
    """As many scenes of each class, in any order, drawn from one generator."""
    generator = np.random.default_rng(seed)
    labels = generator.permutation(np.arange(count) % len(SHAPES))
    side = generator.uniform(*SIDES, count)  # of a square of the object's area
    free = SIZE / 2 - MARGIN - REACH * side  # to each side of the middle, the same for all classes
    middle = SIZE / 2 + free[:, None] * generator.uniform(-1, 1, (count, 2))
    cover = _draw_objects(labels, side, generator.uniform(0, 2 * np.pi, count), middle)
    bits = _draw_bits(count, generator) * (_widen(cover, GAP) == 0)
    front, back = _draw_textures(count, generator), _draw_textures(count, generator)
    return Scenes(labels, cover, bits, front, _stand_out(front, back, generator))


def _fill(outlines: Iterable[Outline], fills: Iterable[int], size: int = SIZE) -> np.ndarray:
    """How much of each pixel is inside, (size, size), 0 to 255: outlines in pixels, each drawn over those before it."""
    canvas = Image.new("L", (size * FINER, size * FINER))
    pen = ImageDraw.Draw(canvas)
    for outline, fill in zip(outlines, fills, strict=False):
        pen.polygon((outline * FINER - 0.5).round().ravel().tolist(), fill)  # unit i is from i to i + 1
    return np.asarray(canvas.reduce(FINER))


def _unit(outlines: tuple[Outline, ...]) -> tuple[Outline, ...]:
    """The same outlines at an area of 1."""
    scale = 100
    area = _fill([scale * (outline + 2) for outline in outlines], (255, 0), 4 * scale).sum() / 255 / scale**2
    return tuple(outline / np.sqrt(area) for outline in outlines)


UNITS = [_unit(outlines) for outlines in SHAPES.values()]
REACH = max(float(np.linalg.norm(outlines[0], axis=1).max()) for outlines in UNITS)  # of any shape from its middle


def _draw_objects(labels: np.ndarray, side: np.ndarray, turn: np.ndarray, middle: np.ndarray) -> np.ndarray:
    cosine, sine = np.cos(turn), np.sin(turn)
    turned = side[:, None, None] * np.stack([np.stack([cosine, sine], 1), np.stack([-sine, cosine], 1)], 1)
    objects = [
        _fill([outline @ turned[i] + middle[i] for outline in UNITS[label]], (255, 0)) for i, label in enumerate(labels)
    ]
    return np.stack(objects) / 255


def _draw_bits(count: int, generator: np.random.Generator) -> np.ndarray:
    """Uneven small pieces anywhere: (N, H, W), 0 to 1."""
    reach = generator.uniform(*BIT_REACH, (count, BITS, BIT_CORNERS))
    places = generator.uniform(0, SIZE, (count, BITS, 1, 2))
    outlines = places + reach[..., None] * _around([1] * BIT_CORNERS)
    return np.stack([_fill(pieces, [255] * BITS) for pieces in outlines]) / 255


def _widen(cover: np.ndarray, by: int) -> np.ndarray:
    """The largest value within `by` pixels: (N, H, W)."""
    for axis in (1, 2):
        padded = np.pad(cover, [(by * (a == axis),) * 2 for a in range(3)])
        length = cover.shape[axis]
        cover = np.max([padded.take(range(i, i + length), axis) for i in range(2 * by + 1)], 0)
    return cover


def _draw_textures(count: int, generator: np.random.Generator) -> Textures:
    return Textures(
        pattern=generator.integers(len(PATTERNS), size=count),
        turn=generator.uniform(0, 2 * np.pi, count),
        period=generator.uniform(*PERIODS, count),
        phase=generator.uniform(0, 64, (count, 2)),
        color=generator.uniform(*COLORS, (count, 3)),
        tint=generator.uniform(-TINT, TINT, (count, 3)),
    )


def _stand_out(front: Textures, back: Textures, generator: np.random.Generator) -> Textures:
    """The textures behind, with another color where it was close to the one in front."""
    color = back.color.copy()
    while (close := np.linalg.norm(front.color - color, axis=1) < CONTRAST).any():
        color[close] = generator.uniform(*COLORS, (close.sum(), 3))
    return Textures(back.pattern, back.turn, back.period, back.phase, color, back.tint)


@lru_cache(maxsize=1)
def _make() -> tuple[ImageData, dict[str, np.ndarray]]:
    pictures, labels, masks = {}, {}, {}
    for part, (name, count) in enumerate(COUNTS.items()):
        chunks = [draw_scenes(CHUNK, (SEED, part * 1000 + i)) for i in range(count // CHUNK)]
        pictures[name] = np.concatenate([scenes.paint() for scenes in chunks])
        labels[name] = np.concatenate([scenes.labels for scenes in chunks])
        masks[name] = np.concatenate([scenes.cover > 0.5 for scenes in chunks])
    form = format_of(pictures["train"], tuple(SHAPES))
    return ImageData(pictures["train"], labels["train"], pictures["test"], labels["test"], form), masks


def make_shapes() -> ImageData:
    """The data set: 5,000 training and 1,000 test pictures of 32x32, always the same; takes about a second, once."""
    return _make()[0]


def shape_masks(part: str = "test") -> np.ndarray:
    """Where the object stands in each picture of the data set "shapes", in its order: bool (N, 32, 32).

    True where the object covers more than half of the pixel; `part` is "test" or "train".
    """
    return _make()[1][part]
