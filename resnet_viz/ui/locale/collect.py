"""Which texts are there to translate? All of them, from the sources, into the catalogs: make catalogs.

Of pages and ui what stands in `_(...)` and in constants; of the engine every sentence, with a {hole} for each value.
Translations that are there stay; what is new is empty, and what is gone is dropped.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from resnet_viz.place import PACKAGE, ROOT
from resnet_viz.ui.language import FOLDER
from resnet_viz.ui.locale.words import WORDS

SCREEN = [ROOT / "app.py", *sorted((ROOT / "pages").glob("*.py")), *sorted((PACKAGE / "ui").glob("*.py"))]
ROOMS = ("data", "explain", "lab", "nets", "paper", "plots", "runs", "studies", "training")
CODE = ("__init__.py", "script.py", "export.py", "cluster.py")  # hold names and programs, no sentences for readers
ENGINE = [path for room in ROOMS for path in sorted((PACKAGE / room).glob("*.py")) if path.name not in CODE]
# Of these rooms nothing is shown but sentences; in plots a single word can be a title.
LABELS = {"title", "name", "text", "label", "x", "y", "hovertemplate", "note", "meaning", "subplot_titles", "ticktext"}
SEVERAL_WORDS = re.compile(r"[A-Za-z][a-z’']*,? \(?[A-Za-z]|^[A-Z][a-z]+$")
NO_TEXT = re.compile(
    r"^[\w./:{}-]+\.\w+$|\b(SELECT|CREATE|ALTER|PRAGMA|INSERT|FROM|import|def|self)\b|[{;]\n|^https?:|-->"
)


def collect() -> dict[str, list[tuple[str, int]]]:
    """Every text to translate, with the places where it stands."""
    found: dict[str, list[tuple[str, int]]] = {}
    for paths, texts in ((SCREEN, _of_screen), (ENGINE, _of_engine)):
        for path in paths:
            for text, line in texts(ast.parse(path.read_text())):
                found.setdefault(text, []).append((path.relative_to(ROOT).as_posix(), line))
    for text in WORDS:
        found.setdefault(text, []).append(("resnet_viz/ui/locale/words.py", 1))
    return found


def _of_screen(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            if isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), node.lineno
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value and _is_constant(node):
            yield from (one for one in _texts(node.value) if _is_text(one[0]))


def _is_constant(node: ast.Assign | ast.AnnAssign) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    return all(isinstance(name, ast.Name) and name.id.strip("_").isupper() for name in names)


def _of_engine(tree: ast.Module) -> Iterator[tuple[str, int]]:
    skipped = {id(text) for text in _docstrings(tree)}
    labels = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg in LABELS
        for part in ast.walk(node.value)
    }
    for text, line, node in _with_nodes(tree):
        if id(node) not in skipped and (_is_text(text) or (id(node) in labels and re.search(r"[A-Za-z]{3}", text))):
            yield text, line


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value


def _texts(tree: ast.AST) -> Iterator[tuple[str, int]]:
    yield from ((text, line) for text, line, _node in _with_nodes(tree))


def _with_nodes(tree: ast.AST) -> Iterator[tuple[str, int, ast.expr]]:
    """Strings, and f-strings as a whole; not the parts of f-strings, nor what stands in an index."""
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr | ast.Subscript)
        for child in ([node.slice] if isinstance(node, ast.Subscript) else node.values)
        for part in ast.walk(child)
        if not isinstance(node, ast.JoinedStr) or isinstance(part, ast.Constant | ast.JoinedStr)
    }
    for node in ast.walk(tree):
        if id(node) in inside:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield _without_extra(node.value), node.lineno, node
        elif isinstance(node, ast.JoinedStr):
            yield _without_extra(_with_holes(node)), node.lineno, node


def _without_extra(text: str) -> str:
    """Of what plotly shows beside a point, the part before the name of the line."""
    return re.sub("</?extra>.*", "", text)


def _with_holes(node: ast.JoinedStr) -> str:
    """An f-string as a text with {holes} that are named for what fills them."""
    names: dict[str, str] = {}
    text = ""
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            filling = ast.unparse(part.value)
            word = re.findall(r"[A-Za-z_]\w*", filling) or ["value"]
            name = names.setdefault(filling, _free(word[-1].lower().strip("_") or "value", names))
            text += f"{{{name}}}"
        elif isinstance(part, ast.Constant):
            text += str(part.value).replace("{", "{{").replace("}", "}}")
    return text if names else text.replace("{{", "{").replace("}}", "}")


def _free(name: str, names: dict[str, str]) -> str:
    taken = set(names.values())
    return name if name not in taken else next(f"{name}{i}" for i in range(2, 99) if f"{name}{i}" not in taken)


def _is_text(text: str) -> bool:
    words = re.sub(r"\{\w*\}", "", text)
    return bool(SEVERAL_WORDS.search(words)) and not NO_TEXT.search(text)


def update(path: Path) -> None:
    """Bring a catalog to what the sources say."""
    with path.open("rb") as file:
        old = read_po(file)
    new = Catalog(locale=old.locale, project="resnet-viz", fuzzy=False, header_comment="# Texts of the dashboard.")
    for text, places in sorted(collect().items(), key=lambda one: one[1]):
        kept = old.get(text)
        new.add(text, kept.string if kept else "", locations=places[:2])
    with path.open("wb") as file:
        write_po(file, new, width=110, omit_header=False, include_lineno=False)


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.po")):
        update(path)
