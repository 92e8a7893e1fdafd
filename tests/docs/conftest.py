"""The code of a document opens pages: they are served as the tests of pages are."""

from tests.pages.conftest import nobody_works_behind, server

__all__ = ["nobody_works_behind", "server"]
