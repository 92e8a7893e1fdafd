"""How does a catalog find a sentence whose values are filled in? By what the sentence says of its own; else in pieces.

What is in no catalog stays as it is, so names and numbers pass through.
"""

import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

LEAST_LETTERS = 4  # that a sentence with holes must have of its own, to be told from other texts
STRONG_LETTERS = 20  # a sentence with so many is looked for in the whole of a text, before this is cut into sentences
LONGEST = 1200  # characters of a text that is looked for; what is longer was written by no page and no engine
# Where a text can be cut, the coarse cuts first; the fine ones where no bracket is open.
COARSE = [
    re.compile(cut)
    for cut in (r"(\n+(?:- )?)", r"(<extra>|</extra>|<br>)", r"(?<=[.!?])(?<! al\.)(?<! sec\.)(?<! Fig\.)( )(?=\S)")
]
FINE = [
    re.compile(cut)
    for cut in (
        r"\*+",
        r"\.$",
        r" \((?:[^()]|\([^()]*\))*\)$",
        "; ",
        " · ",
        ", (?:and |or )?",
        ": ",
        " against ",
        " and | or ",
        r"^≠ |^\d+\. ",
    )
]
# To know these alone is to know nothing of a text.
JOINTS = (" (", "(", ")", ".", "; ", ": ", ", ", ", and ", ", or ", " and ", " or ")
NUMBER = r"[-+\d.,e%]*"
VALUE = r".*?"  # of a strong sentence
SHORT_VALUE = r"(?:\((?:[^()]|\([^()]*\))*\)|[^,;()])*?"  # of others: no list, that is made of several
STOPS = str.maketrans(",;:.", "，；：。")
_CHINESE = re.compile("[一-鿿]")
_SPACE_TOO_MANY = re.compile(
    r"(?<=[一-鿿，。；：（）！？]) (?=[一-鿿，。；：（）！？])|(?<=[，。；：（！？]) | (?=[，。；：（）！？])"
)


@dataclass(frozen=True)
class Sentence:
    """A text with holes: what finds it where these are filled, and how it reads in the other language."""

    letters: int  # of its own
    own: str  # the longest part between holes
    pattern: re.Pattern[str]
    translated: str

    def read(self, text: str) -> dict[str, str] | None:
        """What fills the holes; None where the text is not this sentence."""
        found = self.pattern.fullmatch(text) if self.own in text else None
        return found.groupdict() if found else None


@dataclass(frozen=True)
class Catalog:
    """Texts in one other language, by their English."""

    texts: Mapping[str, str]

    def say(self, text: str) -> str:
        """A text, or what is made of several, as far as it is known."""
        if (known := self.texts.get(text) or self.texts.get(text[:1].lower() + text[1:])) is not None:
            return known
        if len(text) > LONGEST:
            return text
        if (core := text.strip()) != text and not text.startswith(" ("):
            return text.replace(core, self.say(core), 1) if core else text
        told = (
            self._as_sentence(text, STRONG_LETTERS)
            or self._in_pieces(text, (cut.split(text) for cut in COARSE))
            or self._as_sentence(text, LEAST_LETTERS)
            or self._in_pieces(text, (*(_cut_outside(cut, text) for cut in FINE), _cut_brackets(text)))
        )
        return text if told is None else told

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The more a sentence says of its own, the earlier it is tried."""
        found = [_sentence(text, self.texts[text]) for text in self.texts if holes(text)]
        return sorted((one for one in found if one.letters >= LEAST_LETTERS), key=lambda one: -one.letters)

    def _as_sentence(self, text: str, least: int) -> str | None:
        for one in self.sentences:
            if one.letters < least:
                break
            if (values := one.read(text)) is not None:
                return tighten(_fill(one.translated, {name: self.say(value) for name, value in values.items()}))
        return None

    def _in_pieces(self, text: str, ways: Iterable[list[str]]) -> str | None:
        """A text that is cut in one of these ways, the first in which a piece is known."""
        for pieces in ways:
            if len(pieces) > 1 and text not in pieces:  # so that every piece is shorter
                told = [self.say(piece) for piece in pieces]
                if any(one != piece for one, piece in zip(told, pieces, strict=True) if piece not in JOINTS):
                    return tighten("".join(told))
        return None


def _cut_outside(cut: re.Pattern[str], text: str) -> list[str]:
    """The pieces of a text and what stands between them, cut where no bracket is open."""
    pieces, start = [], 0
    for found in cut.finditer(text):
        if _is_closed(text[: found.start()]):
            pieces += [text[start : found.start()], found[0]]
            start = found.end()
    return [*pieces, text[start:]]


def _cut_brackets(text: str) -> list[str]:
    """What stands before the first bracket, in it and behind it; of a text that is all bracket, what is in it."""
    first = re.search(r" ?\(", text)
    closed = (i for i in range(len(text) + 1) if first and i > first.end() and _is_closed(text[first.start() : i]))
    end = next(closed, 0)
    if first is None or not end:
        return [text]
    if first.start() == 0 and end == len(text):
        return [first[0], text[first.end() : -1], ")"]
    return [text[: first.start()], text[first.start() : end], text[end:]]


def _is_closed(text: str) -> bool:
    return text.count("(") == text.count(")")


def tighten(text: str) -> str:
    """Without the spaces that English has between words and before %, and with Chinese stops and brackets at words."""
    text = re.sub(r"(?<=[一-鿿）])[,;:.](?= )", lambda stop: stop[0].translate(STOPS), text)
    text = re.sub(r"(?<=\d), (?=[一-鿿])", "，", text)
    text = re.sub(r"(?<!\])\(([^()]*[一-鿿][^()]*)\)", r"（\1）", text)
    text = re.sub(r"(?<=\d) (?=%)", "", text) if _CHINESE.search(text) else text
    return _SPACE_TOO_MANY.sub("", text)


def holes(text: str) -> list[str]:
    """The names of a text's {places}; none where its braces are no places, as in a formula."""
    try:
        names = [name for _before, name, _spec in _parts(text) if name is not None]
    except ValueError:
        return []
    return names if all(name.isidentifier() for name in names) else []


def _parts(text: str) -> Iterator[tuple[str, str | None, str | None]]:
    """What stands before each hole, its name, and how it is written; the last name is None if a text ends the whole."""
    yield from ((before, name, spec) for before, name, spec, _how in string.Formatter().parse(text))


def _sentence(text: str, translated: str) -> Sentence:
    """Holes without anything between them are one; a hole that comes twice is filled twice with the same."""
    found = list(_parts(text))
    own = [before for before, _name, _spec in found]
    letters = sum(map(str.isalpha, "".join(own)))
    pattern = ""
    seen: set[str] = set()
    for (before, name, spec), after in zip(found, [*own[1:], ""], strict=True):
        pattern += re.escape(before)
        if name in seen:
            pattern += f"(?P={name})"
        elif name is not None:
            is_first = not seen or bool(before)  # else the hole before it takes all
            pattern += f"(?P<{name}>{_value(spec, after, letters) if is_first else ''})"
            seen.add(name)
    return Sentence(letters, max(own, key=len), re.compile(pattern, re.DOTALL), translated)


def _value(spec: str | None, after: str, letters: int) -> str:
    """What can fill a hole that is written so, with this behind it, in a sentence with so many letters of its own."""
    if spec or after.startswith((" %", "%", " times")):
        return NUMBER
    return VALUE if letters >= STRONG_LETTERS else SHORT_VALUE


def _fill(text: str, values: Mapping[str, str]) -> str:
    """Values that are words already: how numbers are written was said in English."""
    return "".join(before + (values[name] if name is not None else "") for before, name, _spec in _parts(text))
