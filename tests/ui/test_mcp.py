"""The tools for language models, called by the protocol's own client."""

import base64
import io
import json

import numpy as np
import pytest
from gated import caller, make_workspace, serving
from own_loop import finished
from PIL import Image as Picture

mcp = pytest.importorskip("mcp", reason="needs the Model Context Protocol: pip install 'wardround[mcp]'")
httpx2 = pytest.importorskip("httpx2")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = make_workspace(tmp_path_factory.mktemp("tools"))
    with serving(home, sign_in=True, mcp=True) as running:
        yield running


@pytest.fixture(scope="module")
def token(server):
    from assistant.store.sign_ins import SignIns

    sign_ins = SignIns(server.assistant.db, server.assistant.workspace, server.assistant.settings.ui)
    return lambda name: sign_ins.make_token(name, "test", 1)


def call(server, token, *calls):
    """What each (tool, arguments) gives, and the names of the tools."""
    from mcp.client.streamable_http import streamable_http_client

    async def talk():
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=120) as http:
            transport = streamable_http_client(server.url + "/mcp", http_client=http)
            async with mcp.Client(transport) as client:
                tools = {tool.name: tool for tool in (await client.list_tools()).tools}
                return tools, [await client.call_tool(name, arguments) for name, arguments in calls]

    return finished(talk())


def given(result):
    assert not result.is_error, result.content
    return json.loads(result.content[0].text)


def file(name, content):
    return {"name": name, "content_base64": base64.b64encode(content).decode()}


def test_without_a_token_there_is_no_endpoint(server):
    hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"accept": "application/json, text/event-stream"}
    with caller(server, **accept) as stranger:
        assert stranger.post("/mcp", json=hello).status_code == 401
        assert stranger.post("/mcp", json=hello, headers={"authorization": "Bearer wr_0"}).status_code == 401


def test_tools_are_described_and_answer(server, token):
    dose = file("guide.txt", b"The loading dose of amiodarone is 300 mg over 60 minutes.")
    tools, results = call(
        server,
        token("ada"),
        ("search", {"text": "pleural effusion", "k": 2}),
        ("ask", {"question": "What is the loading dose of amiodarone?", "files": [dose]}),
        ("check", {"claim": "There is a left effusion.", "evidence": ["There is a right pleural effusion."]}),
        ("patient_history", {"patient": "ward-0"}),
    )
    assert set(tools) == {
        "search", "ask", "patient_history", "look_at_record", "measure", "check", "draft_report"
    }  # fmt: skip
    assert all(tool.description and "context" not in tool.input_schema["properties"] for tool in tools.values())
    found, answer, judged, history = map(given, results)
    assert any("right pleural effusion" in piece["text"] for piece in found["evidence"])
    assert "300 mg" in answer["text"] and answer["claims"][0]["verdict"] == "supported"
    assert judged["verdict"] == "contradicted" and judged["error_kind"] == "laterality"
    assert any("right pleural effusion" in piece["text"] for piece in history["evidence"])
    assert [path for path in (server.folder / "programs").rglob("*") if path.is_file()] == []


def test_a_call_is_for_the_account_of_its_token(server, token):
    asked = ("search", {"text": "The clinic saw a torn meniscus"})
    _, (of_all,) = call(server, token("cleo"), asked)
    _, (of_ward,) = call(server, token("ben"), asked)
    assert "meniscus" in of_all.content[0].text and "meniscus" not in of_ward.content[0].text
    record = next(piece["record_id"] for piece in given(of_all)["evidence"] if "meniscus" in piece["text"])
    _, (looked, refused_role) = call(
        server, token("cleo"), ("look_at_record", {"record_id": record}), ("draft_report", {"study": "x"})
    )
    assert "torn meniscus" in looked.content[0].text
    assert refused_role.is_error and "author" in refused_role.content[0].text
    _, (refused,) = call(server, token("ben"), ("look_at_record", {"record_id": record}))
    assert refused.is_error and "torn" not in refused.content[0].text


def test_pictures_and_what_can_not_be_used(server, token):
    out = io.BytesIO()
    Picture.fromarray(np.random.default_rng(0).integers(0, 255, (200, 300), np.uint8)).save(out, "PNG")
    _, (measured, odd, wrong, empty, draft, unfit) = call(
        server,
        token("ada"),
        ("measure", {"files": [file("a.png", out.getvalue())]}),
        ("measure", {"files": [file("odd.bin", bytes(range(256)))]}),
        ("search", {"text": "x", "files": [{"name": "a", "content_base64": "??"}]}),
        ("ask", {"question": ""}),
        ("draft_report", {"study": "there-is-none"}),
        ("check", {"claim": "No effusion."}),
    )
    assert given(measured)["values"]["width_px"] == 300
    for result, said in (
        (odd, "odd.bin"),
        (wrong, "no base64"),
        (empty, "question is empty"),
        (draft, "there-is-none"),
        (unfit, "check: evidence: is missing, and is needed (the tool’s input schema says what fits)"),
    ):
        assert result.is_error and said in result.content[0].text
    assert "pydantic" not in unfit.content[0].text
