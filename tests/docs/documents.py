"""What do the documents hold? Their code, their links and their headings, as a Markdown parser finds them."""

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    path
    for pattern in ("*.md", "docs/**/*.md", "benchmarks/*.md", "recorded/*.md")
    for path in sorted(ROOT.glob(pattern))
]
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


@dataclass(frozen=True)
class Code:
    """A block of code: its language, the line of the document that it begins on (from 1), and its text."""

    language: str
    line: int
    text: str


def tokens_of(path: Path) -> list[Token]:
    return MarkdownIt().enable("table").parse(path.read_text())


def code_of(path: Path, language: str) -> list[Code]:
    """The blocks of one language in a document, in their order."""
    fences = [token for token in tokens_of(path) if token.type == "fence" and token.map]
    return [Code(language, token.map[0] + 2, token.content) for token in fences if token.info.strip() == language]


def links_of(path: Path) -> list[str]:
    """Where links lead to and pictures come from."""
    inside = [child for token in tokens_of(path) for child in token.children or []]
    found = [child.attrGet("href") or child.attrGet("src") for child in inside if child.type in ("link_open", "image")]
    return [str(target) for target in found if target]


def anchors_of(path: Path) -> set[str]:
    """The names by which links reach the headings of a document, as GitHub makes them."""
    tokens = tokens_of(path)
    titles = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
