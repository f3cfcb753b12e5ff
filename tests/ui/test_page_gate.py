"""The gate: nothing without sign-in, nothing of anybody else's, and what was tried against such pages before."""

import http.client
import json
import shutil
import socket
import subprocess
from urllib.parse import urlsplit

import httpx
import pytest
from gated import (
    ACCOUNTS,
    PASSWORD,
    caller,
    config_of,
    event_on,
    loading,
    make_workspace,
    run,
    serving,
    signed_in,
    upload,
)
from sqlalchemy import text

from assistant.errors import WardroundError
from assistant.store.accounts import Accounts
from assistant.ui.gate import seals
from assistant.ui.gate.visitor import Visitor, entering

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return make_workspace(tmp_path_factory.mktemp("gated"))


@pytest.fixture(scope="module")
def server(home):
    with serving(home, sign_in=True) as running:
        yield running


@pytest.fixture(scope="module")
def cleo(server):
    with signed_in(server, "cleo") as client:
        yield client


@pytest.fixture(scope="module")
def ben(server):
    """A reader of the ward's index alone."""
    with signed_in(server, "ben") as client:
        yield client


def raw(server, path, headers=(), method="GET", body=None):
    """A request whose path is sent as it stands; (status, headers, body)."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def cookies_of(client):
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}


def test_an_address_that_nothing_has_is_answered_by_a_page_in_the_visitors_language(server, cleo):
    german = cleo.get("/archives", headers={**HTML, "Accept-Language": "de"})
    assert german.status_code == 404 and german.headers["content-type"].startswith("text/html")
    assert "Keine solche Seite" in german.text and '<a href="/">' in german.text and 'lang="de"' in german.text
    assert "No such page" in cleo.get("/search/there", headers={**HTML, "Accept-Language": "en"}).text
    for path, accept in (
        ("/archives", "application/json"),
        ("/api/v1/nothing", "text/html"),
        ("/api/v1/nothing", "*/*"),
    ):
        answer = cleo.get(path, headers={"accept": accept})
        assert answer.status_code == 404 and answer.headers["content-type"] == "application/json", path


def test_the_manifest_that_every_page_links_to_is_answered_without_a_session(server):
    status, headers, body = raw(server, "/manifest.json")
    assert status == 200 and headers["Content-Type"] == "application/manifest+json"
    assert json.loads(body)["name"] == "Wardround"


# --- without sign-in ---------------------------------------------------------------------------------

CLOSED = (
    "/", "/search", "/drafts", "/access", "/evaluation", "/help", "/account", "/config", "/theme.css", "/login",
    "/monitoring", "/docs", "/openapi.json", "/assets/index.js", "/static/img/logo.svg", "/wr/static/wardround.js",
    "/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/heartbeat/abc", "/gradio_api/app_id",
    "/gradio_api/queue/data?session_hash=abc", "/gradio_api/queue/status", "/gradio_api/file=/etc/passwd",
    "/gradio_api/call/ask/1", "/gradio_api/startup-events", "/wr/view/r1/seal/text", "/wr/access.csv", "/wr/session",
    "/wr/scorecards/smoke", "/api/v1/search", "/mcp", "//gradio_api/info", "/sign-in/../config", "/anything",
)  # fmt: skip


@pytest.mark.parametrize("path", CLOSED)
def test_nothing_is_told_without_sign_in(server, path):
    status, headers, body = raw(server, path)
    assert status == 401 and b"Sign in first" in body
    status, headers, _ = raw(server, path, HTML)
    assert status == 303 and headers["Location"].startswith("/sign-in")
    for path in ("/gradio_api/queue/join", "/gradio_api/run/predict", "/gradio_api/upload", "/gradio_api/cancel"):
        assert raw(server, path, method="POST", body=b"{}")[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": "wr_session="},
        {"Cookie": "wr_session=abc"},
        {"Cookie": "wr_session=\x01\xff"},
        {"Cookie": "access-token=abc; access-token-unsecure=abc"},
        {"Authorization": "Bearer wr_abc"},
        {"Authorization": "Basic YWRhOmNvcnJlY3QgaG9yc2UgYmF0dGVyeQ=="},
        {"X-Forwarded-User": "ada"},
    ],
)
def test_what_only_looks_like_a_sign_in_is_none(server, headers):
    assert raw(server, "/", headers)[0] == 401
    assert raw(server, "/api/v1/search", headers)[0] == 401


def test_a_web_socket_is_turned_away(server):
    asked = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "x" * 16,
        "Sec-WebSocket-Version": "13",
    }
    assert raw(server, "/gradio_api/queue/join", asked)[0] in (400, 401, 403, 404)


# --- signing in --------------------------------------------------------------------------------------


def test_a_session_is_granted_in_a_cookie_that_scripts_and_other_sites_do_not_get(server):
    with caller(server) as client:
        client.cookies.set("wr_session", "chosen-by-somebody-else")
        answer = client.post("/sign-in", data={"name": "ada", "password": PASSWORD, "next": "/access"})
        kept = answer.headers["set-cookie"]
        assert answer.status_code == 303 and answer.headers["location"] == "/access"
        assert "HttpOnly" in kept and "SameSite=strict" in kept and "Path=/" in kept
        assert "chosen-by" not in kept and "Max-Age" not in kept
    with caller(server, **{"X-Forwarded-Proto": "https"}) as client:  # behind a server that speaks HTTPS
        kept = client.post("/sign-in", data={"name": "ada", "password": PASSWORD}).headers["set-cookie"]
        assert kept.startswith("__Host-wr_session=") and "Secure" in kept


def test_a_session_ends_at_once_when_it_is_signed_out(server):
    with signed_in(server, "ada") as client:
        secret = cookies_of(client)
        assert raw(server, "/", {**secret, **HTML})[0] == 200
        answer = client.post("/sign-out")
        assert answer.status_code == 303 and answer.headers["location"] == "/sign-in?why=out"
        assert '"cache"' in answer.headers["clear-site-data"]
        assert raw(server, "/", {**secret, **HTML})[0] == 303


def test_wrong_passwords_are_refused_and_then_have_to_wait(server):
    Accounts(server.assistant.db).add("dan", PASSWORD, ["reader"])
    with caller(server) as client:
        for _ in range(5):
            answer = client.post("/sign-in", data={"name": "dan", "password": "wrong"})
            assert answer.status_code == 401 and "set-cookie" not in answer.headers
            assert "Name or password is wrong" in answer.text
        answer = client.post("/sign-in", data={"name": "dan", "password": PASSWORD})
        assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 800 and "15 min" in answer.text


def test_what_was_typed_is_shown_as_text(server):
    with caller(server) as client:
        answer = client.post("/sign-in", data={"name": '"><script>alert(1)</script>', "password": "x"})
        assert "<script" not in answer.text and "&lt;script" in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
     "javascript:1", "/%09//evil.example\r\nSet-Cookie: a=b", "evil.example", ""],
)  # fmt: skip
def test_nobody_is_led_to_another_site(server, elsewhere):
    with caller(server) as client:
        answer = client.post("/sign-in", data={"name": "ada", "password": PASSWORD, "next": elsewhere})
        assert answer.headers["location"] == "/"
        assert "a=b" not in str(answer.headers)
    for path in ("//evil.example", "//evil.example/..", "/access//evil.example", "/access/", "/\\evil.example"):
        status, headers, _ = raw(server, path, {**HTML, "Host": urlsplit(server.url).netloc})
        place = urlsplit(headers.get("Location", "/"))
        assert place.netloc == "" and status in (303, 404), path


def test_a_new_password_takes_the_present_one_and_ends_every_session(server):
    Accounts(server.assistant.db).add("fay", PASSWORD, ["reader"])
    with caller(server) as client, caller(server) as other:
        for one in (client, other):
            one.post("/sign-in", data={"name": "fay", "password": PASSWORD})
        change = {"password": "wrong", "new": "another good one", "again": "another good one"}
        assert client.post("/account", data=change).status_code == 403
        assert client.post("/account", data={**change, "password": PASSWORD, "again": "x"}).status_code == 400
        assert (
            client.post("/account", data={**change, "password": PASSWORD, "new": "x", "again": "x"}).status_code == 400
        )
        answer = client.post("/account", data={**change, "password": PASSWORD})
        assert answer.headers["location"] == "/sign-in?why=changed"
        assert other.get("/account").status_code == 401
        assert other.post("/sign-in", data={"name": "fay", "password": "another good one"}).status_code == 303


def test_a_right_that_is_taken_away_is_gone(server):
    accounts = Accounts(server.assistant.db)
    accounts.add("gus", PASSWORD, ["reader", "auditor"])
    with signed_in(server, "gus") as client:
        assert client.get("/access", headers=HTML).status_code == 200
        accounts.set_roles("gus", ["reader"])
        _wait(lambda: client.get("/access", headers=HTML).status_code == 403)
        accounts.disable("gus")
        _wait(lambda: client.get("/").status_code == 401)


def _wait(until):
    import time

    for _ in range(100):
        if until():
            return
        time.sleep(0.1)
    raise AssertionError("it never came")


# --- roles and indexes -------------------------------------------------------------------------------


def test_each_page_and_its_events_take_a_role(server, ben):
    with signed_in(server, "ada") as ada, signed_in(server, "eve") as eve:
        log = loading(config_of(ada, "/access"))
        ask = event_on(config_of(ada), "wr-box", "submit")
        assert eve.get("/access", headers=HTML).status_code == 200
        first = eve.get("/", headers=HTML)  # where signing in leads: the first page that is open to her
        assert (first.status_code, first.headers["location"]) == (303, "/evaluation")
        assert ben.get("/", headers=HTML).status_code == 200
        for client, path, numbers in ((ben, "/access", log), (eve, "/search", [ask])):
            refused = client.get(path, headers=HTML)
            assert refused.status_code == 403 and "This takes the role" in refused.text
            for number in numbers:
                assert run(client, number).status_code == 403
                body = {"data": [], "fn_index": number, "session_hash": "abc"}
                assert client.post("/gradio_api/queue/join", json=body).status_code == 403
        assert ben.get("/wr/access.csv").status_code == 403
        assert eve.get("/wr/access.csv").status_code == 200


def asked(client, question, session):
    """What the page shows of an answer, as the stream of its event."""
    config = config_of(client)
    first = loading(config)[0]
    assert run(client, first, session=session).status_code == 200
    event = event_on(config, "wr-box", "submit")
    inputs = next(e for e in config["dependencies"] if e["id"] == event)["inputs"]
    data = [{"text": question, "files": []}, "quote", *[None] * (len(inputs) - 2)][: len(inputs)]
    body = {"data": data, "fn_index": event, "session_hash": session, "event_data": None, "trigger_id": None}
    assert client.post("/gradio_api/queue/join", json=body).status_code == 200
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as answer:
        lines = []
        for line in answer.iter_lines():
            lines.append(line)
            if "process_completed" in line:
                break
    return "\n".join(lines)


def test_an_index_is_seen_by_those_alone_who_may(server, ben, cleo):
    assert "meniscus" in asked(cleo, "What about the knee?", "cleoasks")
    shown = asked(ben, "What about the knee?", "benasks")
    assert "meniscus" not in shown and "clinic" not in shown
    header = run(ben, loading(config_of(ben))[-1], session="benasks").text
    assert "ward, 2 records" in header and "clinic" not in header


def test_a_record_of_another_index_is_refused_by_address_too(server, ben, cleo):
    with entering(server.door.visitor("cleo", "en")):
        found = server.assistant.search("torn meniscus").evidence[0]
        address = seals.address(found.record_id, "text.txt", start=0, end=100)
    with entering(server.door.visitor("ben", "en")):
        with pytest.raises(WardroundError, match="not in ward"):
            server.assistant.record(found.record_id)
        forged = seals.address(found.record_id, "text.txt", start=0, end=100)  # as if ben had a seal of his own
    assert "meniscus" in cleo.get(address).text
    for client, place in ((ben, address), (ben, forged), (cleo, forged), (cleo, address.replace("/text", "x/text"))):
        answer = client.get(place)
        assert answer.status_code in (403, 404) and "meniscus" not in answer.text, place


def test_outside_of_a_request_nobody_sees_anything(server):
    assert server.assistant.indexes == ()
    assert server.assistant.totals() == {}


def test_the_access_log_says_who_saw_what(server, cleo):
    asked(cleo, "What about the ankle?", "cleologs")
    with signed_in(server, "eve") as eve:
        log = eve.get("/wr/access.csv", params={"account": "cleo", "action": "search"}).text.splitlines()
        assert log[0] == "time_utc,account,action,patient,record,archive_id,index,kind,modality"
        assert any(",clinic-note-1,clinic,text," in line for line in log[1:])
        assert log[1:] and all(line.split(",")[1:3] == ["cleo", "search"] for line in log[1:])
        with entering(Visitor("cleo")):
            (pseudonym,) = server.assistant.pseudonyms_of("clinic-1", None)[0]
        by_id = eve.get("/wr/access.csv", params={"patient": "clinic-1"}).text.splitlines()
        assert by_id[1:] and all(pseudonym in line for line in by_id[1:])
        assert eve.get("/wr/access.csv", params={"until": "2001-01-01"}).text.splitlines() == log[:1]
        assert eve.get("/wr/access.csv", params={"since": "yesterday"}).status_code == 400
    with server.assistant.db.session() as session:
        exported = "SELECT count(*) FROM access WHERE action = 'export_access'"
        assert session.execute(text(exported)).scalar_one() >= 3


def test_the_access_log_says_what_was_refused_to_whom(server, ben, cleo):
    with entering(server.door.visitor("cleo", "en")):
        found = server.assistant.search("torn meniscus").evidence[0]
        address = seals.address(found.record_id, "text.txt", start=0, end=100)
        (pseudonym,) = server.assistant.pseudonyms_of("clinic-0", None)[0]
    assert ben.get("/drafts", headers={"accept": "text/html"}).status_code == 403
    assert ben.get("/wr/access.csv?patient=clinic-0").status_code == 403
    assert ben.get(address).status_code == 404  # passed on: of an index that ben may not see
    with entering(server.door.visitor("ben", "en")):
        server.assistant.search("knee", patient="clinic-0")
        server.assistant.search("knee", patient="nobody-knows")
        server.assistant.search("effusion", patient="ward-0")
    assert cleo.get(address.replace("/text", "x/text")).status_code == 404  # of an index that cleo sees: no entry
    with signed_in(server, "eve") as eve:
        told = [line.split(",") for line in eve.get("/wr/access.csv?action=refused").text.splitlines()[1:]]
    mine = {(entry[1], entry[3], entry[4], entry[6]) for entry in told}
    assert {
        ("ben", "", "/drafts", ""),
        ("ben", "", "/wr/access.csv", ""),
        ("ben", pseudonym, found.record_id, "clinic"),
        ("ben", pseudonym, "", ""),
    } <= mine
    assert not any(entry[0] == "cleo" and entry[2] == found.record_id for entry in mine)
    patients = {entry[1] for entry in mine if entry[0] == "ben"}
    assert patients == {"", pseudonym}


def test_uploads_are_found_by_whoever_sent_them_alone(server, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text("A private note on the left shoulder.")
    with entering(Visitor("cleo")):
        (record,) = server.assistant.read_upload(note)
        assert "shoulder" in server.assistant.record(record.record_id).text
    with entering(Visitor("ben")), pytest.raises(WardroundError, match="not in"):
        server.assistant.record(record.record_id)


# --- what belongs to somebody else -------------------------------------------------------------------


def test_another_ones_session_is_neither_read_nor_steered(server, ben, cleo):
    number = loading(config_of(cleo))[0]
    assert run(cleo, number, session="cleos").status_code == 200
    assert run(ben, number, session="cleos").status_code == 403
    for path in ("/gradio_api/queue/data?session_hash=cleos", "/gradio_api/heartbeat/cleos"):
        assert ben.get(path).status_code == 403
    event = event_on(config_of(cleo), "wr-box", "submit")
    body = {"data": [], "fn_index": event, "session_hash": "cleos"}
    event_id = cleo.post("/gradio_api/queue/join", json=body).json()["event_id"]
    cancel = {"fn_index": event, "event_id": event_id}
    assert ben.post("/gradio_api/queue/join", json=body).status_code == 403
    for session in ("cleos", "bens"):
        assert ben.post("/gradio_api/cancel", json={**cancel, "session_hash": session}).status_code == 403
    assert cleo.post("/gradio_api/cancel", json={**cancel, "session_hash": "cleos"}).status_code == 200


def test_another_ones_file_is_neither_fetched_nor_used(server, ben, cleo):
    path = upload(cleo, "cleo's note.txt", b"only for cleo")
    assert cleo.get(f"/gradio_api/file={path}").text == "only for cleo"
    assert ben.get(f"/gradio_api/file={path}").status_code == 403
    event = event_on(config_of(cleo), "wr-box", "change")
    sent = {"text": "", "files": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
    assert run(ben, event, [sent, None], session="bens").status_code == 403
    assert run(cleo, event, [sent, None], session="cleos").status_code == 200


FILES = (
    "/etc/passwd", "/proc/self/environ", "workspace.db", "../workspace.db", "/gradio_api/../etc/passwd",
    "http://127.0.0.1:{port}/", "https://example.org/x", "//127.0.0.1:{port}/", "file:///etc/passwd",
    "http://169.254.169.254/latest/meta-data/", "C:\\Windows\\win.ini", "", "\x00", {"a": 1}, 5, None, ["x"],
)  # fmt: skip


@pytest.fixture
def listening():
    """A port of this machine that nobody may be sent to."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.3)
        yield listener.getsockname()[1]
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("path", FILES, ids=repr)
def test_an_event_names_no_file_or_address_that_was_not_uploaded(server, home, cleo, listening, path):
    if isinstance(path, str):
        path = path.replace("{port}", str(listening)).replace("workspace.db", str(home / "workspace.db"))
    event = event_on(config_of(cleo), "wr-box", "change")
    for inside in ({"path": path}, {"path": path, "url": path, "meta": {"_type": "gradio.FileData"}}):
        sent = {"text": "", "files": [inside]}
        for data in ([sent, None], [{"x": [[sent]]}, None]):
            answer = run(cleo, event, data, session="cleos")
            assert answer.status_code == 403, answer.text
            joined = {"data": data, "fn_index": event, "session_hash": "cleos"}
            assert cleo.post("/gradio_api/queue/join", json=joined).status_code == 403


READS = (
    "/gradio_api/file=/etc/passwd", "/gradio_api/file=%2Fetc%2Fpasswd", "/gradio_api/file=../../../../etc/passwd",
    "/gradio_api/file=%252e%252e/%252e%252e/etc/passwd", "/gradio_api/file={home}/workspace.db",
    "/gradio_api/file=http://127.0.0.1:{port}/", "/gradio_api/file=http:%2F%2F127.0.0.1:{port}/",
    "/gradio_api/file=//127.0.0.1:{port}/x", "/gradio_api/file/{home}/workspace.db", "/file=/etc/passwd",
    "/gradio_api/proxy=http://127.0.0.1:{port}/", "/proxy=http://127.0.0.1:{port}/", "/gradio_api/file=",
    "/static/../../../../../../etc/passwd", "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/static/..%2f..%2frequirements",
    "/assets/../../../etc/passwd", "/assets/%2e%2e/%2e%2e/config", "/svelte/../../etc/passwd", "/static//etc/passwd",
    "/wr/static/../server.py", "/wr/static/%2e%2e/server.py", "/wr/static/..%2fserver.py", "/wr/static//etc/passwd",
    "/wr/static/css/..%2f..%2f..%2fserver.py", "/wr/scorecards/../../workspace.db",
    "/wr/scorecards/%2e%2e/workspace.db",
    "/gradio_api/custom_component/1/client/component/..%2f..%2f..%2fetc%2fpasswd",
    "/gradio_api/deep_link?session_hash=a",
    "/?deep_link=../x", "/gradio_api/stream/a/b/c/playlist.m3u8", "/gradio_api/stream/../../x/1/1/playlist-file",
    "/config", "/gradio_api/info", "/gradio_api/openapi.json", "/gradio_api/app_id/", "/gradio_api/token",
    "/gradio_api/user", "/gradio_api/queue/status", "/gradio_api/dev/reload", "/gradio_api/vibe-code", "/monitoring",
    "/monitoring/summary", "/gradio_api/call/ask/123", "/login", "/logout", "/oauth", "/gradio_api/mcp/", "/pwa_icon",
    "/robots.txt", "/docs", "/redoc", "/openapi.json", "/gradio_api/runs", "/gradio_api/run-history/records",
)  # fmt: skip


@pytest.mark.parametrize("path", READS)
def test_no_file_address_or_function_is_reached_by_its_route(server, home, cleo, listening, path):
    asked_for = path.replace("{port}", str(listening)).replace("{home}", str(home))
    status, headers, body = raw(server, asked_for, cookies_of(cleo))
    assert status in (400, 403, 404), (status, body[:200])
    assert b"root:" not in body and b"SQLite" not in body and "Location" not in headers


def test_the_server_s_number_tells_that_it_is_there_and_no_more(server, cleo):
    told = cleo.get("/gradio_api/app_id").json()
    assert list(told) == ["app_id"] and isinstance(told["app_id"], int)
    with caller(server) as nobody:
        assert nobody.get("/gradio_api/app_id").status_code == 401


WRITES = (
    "/gradio_api/component_server", "/gradio_api/run/ask", "/gradio_api/api/predict", "/gradio_api/call/ask",
    "/gradio_api/call/v2/ask", "/gradio_api/stream/1", "/gradio_api/stream/1/close", "/gradio_api/process_recording",
    "/gradio_api/vibe-edit", "/gradio_api/reset", "/gradio_api/run-history/connect", "/login", "/config", "/",
)  # fmt: skip


@pytest.mark.parametrize("path", WRITES)
def test_no_other_call_of_gradios_is_reached(server, cleo, path):
    body = {"data": [], "fn_index": 0, "session_hash": "cleos", "component_id": 1, "fn_name": "ls", "event_id": "1"}
    assert cleo.post(path, json=body).status_code in (404, 405)
    for method in ("PUT", "PATCH", "DELETE", "TRACE"):
        assert cleo.request(method, path).status_code in (404, 405)


# --- other sites -------------------------------------------------------------------------------------

FOREIGN = (
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://127.0.0.1.evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_another_sites_page_sends_is_refused(server, cleo, headers):
    number = loading(config_of(cleo))[0]
    event = {"data": [], "fn_index": number, "session_hash": "cleos"}
    for path, sent in (
        ("/gradio_api/run/predict", {"json": event}),
        ("/gradio_api/queue/join", {"json": event}),
        ("/gradio_api/upload", {"files": {"files": ("a.txt", b"a")}}),
        ("/sign-in", {"data": {"name": "ada", "password": PASSWORD}}),
        ("/sign-out", {}),
        ("/account", {"data": {"password": PASSWORD}}),
    ):
        answer = cleo.post(path, headers=headers, **sent)
        assert answer.status_code == 403, path
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert cleo.get("/account").status_code == 200  # still signed in


def test_a_page_of_ours_is_not_embedded_and_not_asked_beforehand(server, cleo):
    embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    picture = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
    for headers in (embedded, picture):
        assert cleo.get("/", headers=headers).status_code == 403
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", **HTML}
    assert cleo.get("/", headers=linked).status_code == 200
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = cleo.options("/gradio_api/run/predict", headers=preflight)
    assert answer.status_code == 403 and "access-control-allow-origin" not in answer.headers
    assert "frame-ancestors 'none'" in cleo.get("/", headers=HTML).headers["content-security-policy"]


def test_a_link_on_another_site_finds_the_session_again(server):
    linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", **HTML}
    status, _, body = raw(server, "/access", linked)
    assert status == 200 and b'http-equiv="refresh"' in body and b"gradio" not in body


def test_every_answer_forbids_what_the_page_does_not_need(server, cleo):
    for client in (cleo, caller(server)):
        for path in ("/", "/sign-in", "/gradio_api/info", "/wr/access.csv", "/nowhere"):
            headers = client.get(path).headers
            assert headers["cache-control"] == "no-store" and headers["x-content-type-options"] == "nosniff"
            assert "frame-ancestors 'none'" in headers["content-security-policy"] and "server" not in headers


# --- odd requests ------------------------------------------------------------------------------------

DEEP = b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b',"fn_index":0,"session_hash":"cleos"}'
ODD = (
    b"", b"null", b"[]", b"{", b"\xff\xfe", b'"x"', b"1e999", b"{}", DEEP,
    b'{"data":' + b'{"a":' * 60 + b"1" + b"}" * 61,
    b'{"data":[],"fn_index":0}', b'{"data":[],"fn_index":0,"session_hash":null}',
    b'{"data":[],"fn_index":0,"session_hash":"../x"}', b'{"data":[],"fn_index":0,"session_hash":["cleos"]}',
    b'{"data":[],"fn_index":true,"session_hash":"cleos"}', b'{"data":[],"fn_index":"0","session_hash":"cleos"}',
    b'{"data":[],"fn_index":-1,"session_hash":"cleos"}', b'{"data":[],"fn_index":1e3,"session_hash":"cleos"}',
    b'{"data":[],"fn_index":' + b"9" * 5_000 + b',"session_hash":"cleos"}', b'{"data":[],"session_hash":"cleos"}',
    b'{"data":[],"api_name":"ask","session_hash":"cleos"}',
    b'{"data":[],"fn_index":null,"session_hash":"' + b"a" * 65 + b'"}',
)  # fmt: skip


ODD_PATHS = (
    "/%00", "/" + "a" * 20_000, "/?" + "a=b&" * 20_000, "/%ff%fe", "*", "/gradio_api/queue/data",
    "/gradio_api/queue/data?session_hash=a&session_hash=b", "/gradio_api/heartbeat/..%2f..",
)  # fmt: skip


@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_an_odd_event_is_refused(server, cleo, body):
    for path in ("/gradio_api/run/predict", "/gradio_api/queue/join"):
        answer = cleo.post(path, content=body, headers={"content-type": "application/json"})
        assert 400 <= answer.status_code < 500, answer.text


def test_an_odd_request_is_refused_and_the_page_goes_on(server, cleo):
    signed = cookies_of(cleo)
    for path in ODD_PATHS:
        assert 400 <= raw(server, path, signed)[0] < 500, path
    assert 400 <= raw(server, "/", {**signed, "Content-Length": "99999999999"}, "POST", b"")[0] < 500
    large = json.dumps({"data": ["a" * 11_000_000], "fn_index": 0, "session_hash": "cleos"})
    assert cleo.post("/gradio_api/run/predict", content=large).status_code == 413
    assert cleo.get("/", headers=HTML).status_code == 200


# --- without sign-in, on this machine ----------------------------------------------------------------


def test_without_sign_in_the_page_keeps_to_this_machine(home):
    with pytest.raises(WardroundError, match=r"0\.0\.0\.0: without sign-in the page answers on this machine only"):
        from assistant.ui.server import PageServer

        with serving(home) as running:
            PageServer(running.assistant, 1, "0.0.0.0")


def test_without_sign_in_browsers_are_told_apart_and_other_names_refused(home):
    with serving(home) as running, caller(running) as one, caller(running) as other:
        assert one.get("/sign-in").headers["location"] == "/"
        for client in (one, other):
            config = config_of(client)
        kept = one.cookies.get("wr_session")
        assert kept and kept != other.cookies.get("wr_session")
        path = upload(one, "note.txt", b"a note")
        assert one.get(f"/gradio_api/file={path}").status_code == 200
        assert other.get(f"/gradio_api/file={path}").status_code == 403
        assert run(one, loading(config)[0], session="ones").status_code == 200
        assert run(other, loading(config)[0], session="ones").status_code == 403
        assert other.get("/gradio_api/queue/data?session_hash=ones").status_code == 403
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", ""):
            assert raw(running, "/", {"Host": host, **HTML})[0] == 400
        for headers in FOREIGN[:6]:
            sent = {"data": [], "fn_index": 0, "session_hash": "ones"}
            assert one.post("/gradio_api/run/predict", json=sent, headers=headers).status_code == 403


def test_a_server_with_names_answers_to_these_alone(home):
    with serving(home, sign_in=True, names=("wardround.hospital.example",)) as running:
        assert raw(running, "/", {"Host": "wardround.hospital.example", **HTML})[0] == 303
        assert raw(running, "/", {"Host": "wardround.hospital.example:8443", **HTML})[0] == 303
        assert raw(running, "/", {"Host": "other.hospital.example", **HTML})[0] == 400


def test_the_page_is_not_served_while_nobody_could_sign_in(tmp_path):
    from assistant.assistant import Assistant
    from assistant.settings import Settings, UiSettings
    from assistant.ui.server import PageServer

    home = make_workspace(tmp_path)
    opened = Assistant.open(home, settings=Settings(ui=UiSettings(sign_in=True)))
    with pytest.raises(WardroundError, match="wardround user add NAME --role administrator"):
        PageServer(opened, 1)


def test_every_account_of_these_tests_can_sign_in(server):
    for name in ACCOUNTS:
        with signed_in(server, name) as client:
            assert client.get("/account").status_code == 200


def test_a_certificate_of_ones_own_serves_https(home, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl, to make a certificate")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*made, "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    with pytest.raises(WardroundError, match="give both, or neither"), serving(home, sign_in=True, tls_key=key):
        pass
    with (
        pytest.raises(WardroundError, match=r"tls_certificate .*key\.pem"),
        serving(home, sign_in=True, tls_certificate=key, tls_key=key),
    ):
        pass
    with serving(home, sign_in=True, tls_certificate=chain, tls_key=key) as running:
        assert running.url.startswith("https://")
        with httpx.Client(base_url=running.url, verify=False, timeout=120) as client:
            answer = client.post("/sign-in", data={"name": "cleo", "password": PASSWORD})
            assert (
                answer.headers["set-cookie"].startswith("__Host-wr_session=")
                and "Secure" in answer.headers["set-cookie"]
            )
            assert client.get("/", headers=HTML).status_code == 200
