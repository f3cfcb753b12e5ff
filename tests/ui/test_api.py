"""The API: what programs get, for whom, and what they are refused."""

import io
import json
import re
import time
import zipfile
from pathlib import Path as FilePath

import httpx
import numpy as np
import pytest
from gated import caller, make_workspace, serving, signed_in
from PIL import Image as Picture
from pydicom.data import get_testdata_file

API = "/api/v1"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = make_workspace(tmp_path_factory.mktemp("programs"))
    with serving(home, sign_in=True, api=True, own_questions=1) as running:
        yield running


@pytest.fixture(scope="module")
def program(server):
    """Gives a client with a token of an account."""
    from assistant.store.sign_ins import SignIns

    assistant = server.assistant
    sign_ins = SignIns(assistant.db, assistant.workspace, assistant.settings.ui)
    made = {}

    def of(name) -> httpx.Client:
        if name not in made:
            made[name] = caller(server, authorization=f"Bearer {sign_ins.make_token(name, 'test', 1)}")
        return made[name]

    yield of
    for client in made.values():
        client.close()


def lines(answer):
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def got(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def texts(found):
    return " ".join(piece["text"] for piece in found["evidence"])


def test_without_a_token_nothing_is_told(server):
    with caller(server) as stranger:
        for path in ("/status", "/openapi.json", "/docs", "/records/r1"):
            assert stranger.get(API + path).status_code == 401
        assert stranger.post(API + "/ask", data={"question": "x"}).status_code == 401
        wrong = {"authorization": "Bearer wr_0000"}
        assert stranger.get(API + "/status", headers=wrong).status_code == 401


def test_a_token_opens_the_api_alone_and_a_session_opens_it_too(server, program):
    assert program("ben").get("/", headers={"accept": "text/html"}).status_code == 303
    with signed_in(server, "cleo") as browser:
        assert got(browser.get(API + "/status"))["account"] == "cleo"
        foreign = {"origin": "http://elsewhere.example"}
        assert browser.post(API + "/ask", data={"question": "x"}, headers=foreign).status_code == 403


def test_an_account_gets_its_indexes_alone(server, program):
    assert [one["index"] for one in got(program("ben").get(API + "/status"))["indexes"]] == ["ward"]
    asked = {"text": "The clinic saw a torn meniscus"}
    assert "meniscus" in texts(got(program("cleo").post(API + "/search", data=asked)))
    assert "meniscus" not in texts(got(program("ben").post(API + "/search", data=asked)))
    record = next(
        piece["record_id"]
        for piece in got(program("cleo").post(API + "/search", data=asked))["evidence"]
        if "meniscus" in piece["text"]
    )
    assert "torn meniscus" in got(program("cleo").get(f"{API}/records/{record}"))["text"]
    for path in (f"/records/{record}", f"/records/{record}/content"):
        assert program("ben").get(API + path).status_code in (400, 404)
    assert "meniscus" not in json.dumps(program("ben").get(f"{API}/patients/clinic-0/history").json())
    answer = got(program("ben").post(API + "/ask", data={"question": "Is there a torn meniscus?"}))
    assert "meniscus" not in texts(answer)


def test_roles_hold(program):
    for path, name in (("/evaluation", "ben"), ("/access-log", "ben"), ("/feedback", "ben"), ("/doctor", "eve")):
        assert program(name).get(API + path).status_code == 403, path
    assert program("eve").post(API + "/ask", data={"question": "x"}).status_code == 403
    assert program("ben").post(API + "/drafts", json={"studies": ["x"]}).status_code == 403
    assert program("eve").post(API + "/forget", json={"patient": "ward-0"}).status_code == 403


def test_searching_answers_and_batches(program):
    ben = program("ben")
    found = got(ben.post(API + "/search", data={"text": "pleural effusion", "k": 1, "kind": ["text"]}))
    assert len(found["evidence"]) == 1 and "effusion" in texts(found)
    batch = [{"id": "a", "text": "pleural effusion"}, {"text": "lungs", "finding": ["nonsense words"]}]
    first, second = got(ben.post(API + "/search/batch", json=batch))
    assert first["id"] == "a" and "effusion" in texts(first)
    assert second["id"] == 1 and second["error"] and second["evidence"] == []
    answer = got(ben.post(API + "/ask", data={"question": "Is there a pleural effusion?", "llm": "quote"}))
    assert not answer["abstained"] and answer["claims"][0]["verdict"] == "supported"
    steps = lines(ben.post(API + "/ask/stream", data={"question": "Is there a pleural effusion?", "llm": "quote"}))
    kinds = [step["step"] for step in steps if step["step"] != "waiting"]
    assert kinds[0] == "found" and kinds[-1] == "answer" and "claim" in kinds
    assert steps[-1]["text"] == answer["text"]


def test_files_come_along_and_are_gone_afterwards(server, program):
    ben = program("ben")
    guide = ("guide.txt", b"The loading dose of amiodarone is 300 mg over 60 minutes.")
    asked = {"question": "What is the loading dose of amiodarone?", "llm": "quote"}
    answer = got(ben.post(API + "/ask", data=asked, files={"files": guide}))
    assert "300 mg" in answer["text"]
    upload = next(piece["record_id"] for piece in answer["evidence"] if "300 mg" in piece["text"])
    assert ben.get(f"{API}/records/{upload}").status_code == 400
    assert [path for path in (server.folder / "programs").rglob("*") if path.is_file()] == []
    assert server.assistant.uploads.find(upload) is None
    study = io.BytesIO()
    with zipfile.ZipFile(study, "w") as file:
        file.writestr("a/report.txt", "No pleural effusion is seen.")
        file.writestr("../../out.txt", "Escaped.")
    (read,) = got(ben.post(API + "/read", files={"files": ("study.zip", study.getvalue())}))
    assert read["path"] == "study.zip" and len(read["records"]) == 1 and "leads out" in read["set_aside"][0]["reason"]


def test_a_file_name_never_leads_out(server, program):
    names = ("../../../tmp/out.txt", "/etc/out.txt", "..\\out.txt", "..", "a\0b.txt", "")
    for name in names:
        body = (
            b'--x\r\nContent-Disposition: form-data; name="files"; filename="' + name.encode() + b'"\r\n'
            b"Content-Type: text/plain\r\n\r\nNo effusion.\r\n--x--\r\n"
        )
        kind = {"content-type": "multipart/form-data; boundary=x"}
        answer = program("ben").post(API + "/read", content=body, headers=kind)
        assert answer.status_code in (200, 422), (name, answer.text)
        if answer.status_code == 200:
            assert not re.search(r"[/\\\0]", answer.json()[0]["path"])
    assert not list(server.folder.parent.glob("out.txt"))


def test_what_can_not_be_used_is_told(program):
    ben = program("ben")
    assert "question is empty" in got(ben.post(API + "/ask", data={"question": " "}), 422)["detail"]
    assert "nothing to search for" in got(ben.post(API + "/search"), 422)["detail"]
    long = {"question": "x " * 200_000}
    for route in ("/ask", "/ask/stream"):
        assert "400,000 characters, and 8,000 are the most" in got(ben.post(API + route, data=long), 422)["detail"]
    talk = got(ben.post(API + "/conversations", json={}))["id"]
    assert "8,000" in got(ben.post(f"{API}/conversations/{talk}/questions", data=long), 422)["detail"]
    odd = {"files": ("odd.bin", bytes(range(256)))}
    assert "odd.bin" in got(ben.post(API + "/search", files=odd), 422)["detail"]
    twice = [("files", ("a.txt", b"x")), ("files", ("a.txt", b"y"))]
    assert "two files have this name" in got(ben.post(API + "/search", files=twice), 422)["detail"]
    assert ben.post(API + "/ask", data={"question": "x", "llm": "another"}).status_code == 422
    told = got(ben.post(API + "/check", json=[{"claim": "Mrs Mustermann is well."}]), 422)
    assert told["detail"] == "0.evidence: is missing, and is needed (/api/v1/docs says what fits)"
    assert told["errors"] == [{"place": "0.evidence", "problem": "is missing, and is needed"}]
    text = got(ben.post(API + "/search", data={"files": "a.png"}), 422)["detail"]
    assert text.startswith("files.0: is a text, and a file is needed")
    assert ben.get(API + "/records/nothing").status_code == 400
    assert ben.get(API + "/nothing").status_code == 404


def test_a_conversation_goes_on_for_its_account_alone(server, program):
    ben, cleo = program("ben"), program("cleo")
    talk = got(ben.post(API + "/conversations", json={"llm": "quote"}))["id"]
    where = f"{API}/conversations/{talk}"
    guide = {"files": ("guide.txt", b"The loading dose of amiodarone is 300 mg over 60 minutes.")}
    first = got(ben.post(where + "/questions", data={"question": "What is the loading dose?"}, files=guide))
    assert "300 mg" in first["text"]
    second = got(ben.post(where + "/questions", data={"question": "Over how many minutes is amiodarone given?"}))
    assert "60 minutes" in second["text"]
    assert [turn["turn_id"] for turn in got(ben.get(where))] == [first["turn_id"], second["turn_id"]]
    assert talk in [one["id"] for one in got(ben.get(API + "/conversations"))]
    assert got(cleo.get(API + "/conversations")) == []
    for refused in (cleo.get(where), cleo.post(where + "/questions", data={"question": "What dose?"})):
        assert refused.status_code in (400, 422) and "300 mg" not in refused.text
    said = {"conversation_id": talk, "turn_id": first["turn_id"], "claim": 0, "judgement": "wrong", "comment": "no"}
    assert cleo.post(API + "/feedback", json=said).status_code == 400
    assert ben.post(API + "/feedback", json=said).status_code == 204
    (row,) = lines(program("eve").get(API + "/feedback"))
    assert row["by"] == "ben" and row["judgement"] == "wrong" and "300 mg" in row["text"]
    assert cleo.delete(where).status_code == 204
    assert len(got(ben.get(where))) == 2
    assert ben.delete(where).status_code == 204
    assert ben.get(where).status_code == 400
    assert [path for path in (server.folder / "programs").rglob("*") if path.is_file()] == []


def test_a_conversation_that_is_left_is_closed_and_its_files_go(server, program, monkeypatch):
    monkeypatch.setattr("assistant.ui.api.talking.IDLE_S", 0.5)
    monkeypatch.setattr("assistant.ui.api.talking.LOOK_S", 0.2)
    ben = program("ben")
    talk = got(ben.post(API + "/conversations", json={"llm": "quote"}))["id"]
    guide = {"files": ("guide.txt", b"The loading dose of amiodarone is 300 mg over 60 minutes.")}
    asked = f"{API}/conversations/{talk}/questions"
    got(ben.post(asked, data={"question": "What is the loading dose of amiodarone?"}, files=guide))
    left = server.folder / "programs"
    until = time.monotonic() + 70  # a watch that was begun before looks once a minute
    while [path for path in left.rglob("*") if path.is_file()] and time.monotonic() < until:
        time.sleep(0.1)
    assert not [path for path in left.rglob("*") if path.is_file()]
    assert "not open" in got(ben.post(asked, data={"question": "And now?"}), 422)["detail"]
    assert ben.delete(f"{API}/conversations/{talk}").status_code == 204


def test_checks_and_measurements(program):
    ben = program("ben")
    pairs = [
        {"id": "x", "claim": "No pneumothorax.", "evidence": "The lungs are clear without pneumothorax."},
        {"claim": "There is a left effusion.", "evidence": ["There is a right pleural effusion."]},
    ]
    first, second = got(ben.post(API + "/check", json=pairs))
    assert first["id"] == "x" and first["verdict"] == "supported"
    assert second["id"] == 1 and second["verdict"] == "contradicted" and second["error_kind"] == "laterality"
    ecg = FilePath(get_testdata_file("waveform_ecg.dcm")).read_bytes()
    measured = got(ben.post(API + "/measure", files={"files": ("ecg.dcm", ecg)}))
    assert measured["modality"] == "ECG" and abs(measured["values"]["heart_rate_bpm"] - 61) < 1
    samples = np.random.default_rng(0).integers(-200, 200, 5_000).astype("<i2").tobytes()
    header = b"e 1 500 5000\ne.dat 16 200/mV 16 0 0 0 0 II\n"
    parts = [("files", ("e.hea", header)), ("files", ("e.dat", samples))]
    assert got(ben.post(API + "/measure", files=parts))["leads"] == ["II"]
    out = io.BytesIO()
    Picture.fromarray(np.random.default_rng(0).integers(0, 255, (200, 300), np.uint8)).save(out, "PNG")
    assert got(ben.post(API + "/measure", files={"files": ("a.png", out.getvalue())}))["values"]["width_px"] == 300
    assert ben.post(API + "/measure", files={"files": ("a.txt", b"words")}).status_code == 422


def test_the_access_log_names_the_account(program):
    got(program("cleo").post(API + "/search", data={"text": "sprained ankle"}))
    rows = lines(program("eve").get(API + "/access-log", params={"account": "cleo"}))
    assert rows and {row["account"] for row in rows} == {"cleo"}
    assert lines(program("eve").get(API + "/access-log", params={"account": "nobody"})) == []


def test_keeping_and_evaluation(program):
    ada = program("ada")
    assert all(report["sound"] for report in got(ada.get(API + "/doctor")))
    plan = got(ada.post(API + "/forget", json={"patient": "ward-1"}))
    assert plan["dry_run"] and plan["indexes"]
    assert "The lungs are clear" in texts(got(ada.post(API + "/search", data={"text": "lungs are clear"})))
    assert got(program("eve").get(API + "/evaluation")) == []
    (told,) = lines(ada.post(API + "/drafts", json={"studies": ["there-is-none"]}))
    assert told["study_id"] == "there-is-none" and told["error"]


def test_every_route_is_documented_without_anything_from_elsewhere(program):
    document = got(program("ben").get(API + "/openapi.json"))
    routes = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert len(routes) >= 22
    assert all(route["summary"] and route["tags"] and route["security"] for route in routes)
    page = program("ben").get(API + "/docs", headers={"accept": "text/html"})
    assert page.status_code == 200 and "default-src 'none'" in page.headers["content-security-policy"]
    assert not re.search(r"<script|src=|href=\"(?!openapi\.json)", page.text)
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page.text
    assert "what feedback names" not in page.text and "this patient" in page.text


def test_it_is_off_until_a_setting_says_so(tmp_path):
    with serving(make_workspace(tmp_path / "off"), sign_in=False) as server, caller(server) as stranger:
        for path in ("/api/v1/status", "/api/v1/docs", "/api/predict", "/mcp"):
            assert stranger.get(path).status_code == 404, path
            assert stranger.post(path, json={}).status_code in (404, 405), path
