"""One contract, two databases: every test of `store` here runs over SQLite and over a real PostgreSQL."""

import pytest

from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request, home):
    if request.param == "sqlite":
        yield RunStore(Settings().store_url)
        return
    url = request.getfixturevalue("postgres_url")
    store = RunStore(url)
    yield store
    store.engine.dispose()
