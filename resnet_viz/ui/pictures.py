"""How do many pictures stand on a page? In rows that fit a phone as well as a wide screen, every pixel a square."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from resnet_viz.data import encode_png

SIDE = 72  # CSS pixels of a picture at most
GAP = 2  # of a picture's own pixels
STYLE = """<style>
.rows-of-pictures { display: grid; grid-template-columns: max-content minmax(0, 1fr); column-gap: .6rem; row-gap: 2px;
  align-items: center; font-size: .8rem; }
.rows-of-pictures img { width: 100%; display: block; image-rendering: pixelated; }
.rows-of-pictures div { display: flex; }
.rows-of-pictures div span { flex: 1; text-align: center; overflow-wrap: anywhere; }
</style>"""


def show_pictures(pictures: np.ndarray, rows: Sequence[str], alt: str, columns: Sequence[str] = ()) -> None:
    """Show pictures uint8 (R, C, H, W, channels) with the names of their rows and columns."""
    width = f"max-width: {SIDE * pictures.shape[1]}px"
    parts = []
    if columns:
        names = "".join(f"<span>{escape(name)}</span>" for name in columns)
        parts.append(f'<span></span><div style="{width}">{names}</div>')
    for name, row in zip(rows, pictures, strict=True):
        source = b64encode(_strip(row)).decode()
        parts.append(f'<span>{escape(name)}</span><img style="{width}" alt="" src="data:image/png;base64,{source}">')
    body = "".join(parts)
    st.html(f'{STYLE}<div class="rows-of-pictures" role="img" aria-label="{escape(alt)}">{body}</div>')


def _strip(row: np.ndarray) -> bytes:
    """Pictures (C, H, W, channels) beside one another as a PNG, with nothing between them."""
    count, height, width, _ = row.shape
    strip = np.zeros((height, count * (width + GAP) - GAP, 4), np.uint8)
    for i, picture in enumerate(row):
        place = slice(i * (width + GAP), i * (width + GAP) + width)
        strip[:, place, :3], strip[:, place, 3] = picture, 255  # one gray channel becomes three
    return encode_png(strip)
