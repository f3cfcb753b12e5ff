"""The catalogue's two places: a SQLite file, and a real PostgreSQL server that the tests start."""

import pytest
from postgres import PASSWORD, running_postgres

from assistant.settings import load_settings
from assistant.store.server import server_of


@pytest.fixture(scope="session")
def postgres():
    with running_postgres() as server:
        yield server


@pytest.fixture
def on_postgres(postgres, monkeypatch, tmp_path):
    """From here on workspaces keep their tables in a fresh database of a real server; its address."""
    with postgres.database() as url:
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
        monkeypatch.setenv("WARDROUND_STORE__CATALOGUE", "postgresql")
        monkeypatch.setenv("WARDROUND_STORE__DATABASE_URL", url)
        store = load_settings(tmp_path).store
        yield url
        server_of(store).close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request):
    """Runs a test in both places."""
    if request.param == "postgresql":
        request.getfixturevalue("on_postgres")
    return request.param
