"""What is too large to come in is refused before its first byte."""

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from assistant.settings import UiSettings
from assistant.ui.gate.upload_guard import UploadGuard, folder_bytes


@pytest.fixture
def client(tmp_path):
    app = FastAPI()

    @app.post("/{path:path}")
    async def took(request: Request) -> int:
        return len(await request.body())

    app.add_middleware(UploadGuard, folder=tmp_path, ui=UiSettings(max_uploads_mb=2, max_stored_mb=3))
    return TestClient(app)


def test_one_request_is_bounded_and_other_forms_more_narrowly(client):
    assert client.post("/gradio_api/upload", content=b"x" * 1_999_999).text == "1999999"
    refused = client.post("/gradio_api/upload", content=b"x" * 2_000_001)
    assert refused.status_code == 413 and "limit of 2 MB (ui.max_uploads_mb)" in refused.text
    assert client.post("/gradio_api/queue/join", content=b"x" * 10_000_001).status_code == 413


def test_a_request_must_say_how_long_it_is(client):
    assert client.post("/gradio_api/upload", content=iter([b"x"])).status_code == 411
    assert client.post("/sign-in").text == "0"


def test_a_full_disk_share_turns_uploads_away_and_nothing_else(client, tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 2_500_000)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert folder_bytes(tmp_path) == 2_500_000
    full = client.post("/gradio_api/upload", content=b"x" * 600_000)
    assert full.status_code == 507 and "ui.max_stored_mb" in full.text
    assert client.post("/gradio_api/queue/join", content=b"x" * 600_000).text == "600000"
