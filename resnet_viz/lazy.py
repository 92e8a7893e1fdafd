"""How does a room offer its names without importing torch until one is used? (PEP 562)"""

from collections.abc import Callable
from importlib import import_module


def lazy_exports(homes: dict[str, str]) -> Callable[[str], object]:
    """A module's `__getattr__`: looks a name up in the module that `homes` gives for it, when first asked."""

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(name)
        return getattr(import_module(homes[name]), name)

    return get
