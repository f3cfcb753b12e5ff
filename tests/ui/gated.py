"""A page with sign-in over two small indexes, and how a program asks it."""

import csv
import json
import re
import socket
from contextlib import contextmanager

import httpx

from assistant.assistant import Assistant
from assistant.settings import Settings, UiSettings
from assistant.store.accounts import Accounts

PASSWORD = "correct horse battery"
ACCOUNTS = {
    "ada": (["administrator", "reader", "author", "auditor"], None),
    "ben": (["reader"], ["ward"]),
    "cleo": (["reader"], None),
    "eve": (["auditor"], None),
}
NOTES = {
    "ward": ("There is a large right pleural effusion.", "The lungs are clear."),
    "clinic": ("The clinic saw a torn meniscus of the left knee.", "The clinic saw a sprained ankle."),
}


def make_workspace(home):
    """Two indexes of two notes each, of patients ward-0, ward-1, clinic-0 and clinic-1."""
    for name, notes in NOTES.items():
        (home / "data" / name).mkdir(parents=True)
        with (home / "data" / name / "notes.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "patient", "report"])
            rows.writerows([f"{name}-note-{n}", f"{name}-{n}", note] for n, note in enumerate(notes))
        (home / "indexes").mkdir(exist_ok=True)
        recipe = home / "indexes" / f"{name}.toml"
        recipe.write_text(
            f'name = "{name}"\n[[source]]\npath = "../data/{name}"\nmanifest = "notes.csv"\n'
            '[source.columns]\nid = "id"\npatient_id = "patient"\ntext = "report"\n',
            encoding="utf-8",
        )
        Assistant.build(recipe, workspace=home)
    return home


@contextmanager
def serving(home, **ui):
    """The page of a workspace, with the accounts above where there is sign-in."""
    from assistant.ui.server import PageServer

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    opened = Assistant.open(home, settings=Settings(ui=UiSettings(port=port, **ui)))
    accounts = Accounts(opened.db)
    for name, (roles, indexes) in ACCOUNTS.items():
        if accounts.find(name) is None:
            accounts.add(name, PASSWORD, roles, indexes)
    with PageServer(opened, port) as running:
        running.assistant = opened
        yield running


def caller(server, **headers):
    return httpx.Client(base_url=server.url, timeout=120, headers=headers, follow_redirects=False)


@contextmanager
def signed_in(server, name):
    """A client with the session of an account."""
    with caller(server) as client:
        answer = client.post("/sign-in", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield client


def config_of(client, path="/"):
    """What Gradio tells the browser of a page."""
    page = client.get(path, headers={"accept": "text/html"})
    assert page.status_code == 200, page.text[:500]
    return json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", page.text, re.S)[1])


def event_on(config, element, kind):
    """The number of an element's event."""
    ids = {part["id"] for part in config["components"] if part["props"].get("elem_id") == element}
    return next(
        event["id"] for event in config["dependencies"] if any(t[0] in ids and t[1] == kind for t in event["targets"])
    )


def loading(config):
    """The numbers of the events that run when the page is opened."""
    return [event["id"] for event in config["dependencies"] if any(target[1] == "load" for target in event["targets"])]


def run(client, number, data=(), session="abc123", **more):
    """One of the page's events, as the browser sends it."""
    body = {"data": list(data), "fn_index": number, "session_hash": session, "event_data": None, **more}
    return client.post("/gradio_api/run/predict", json=body)


def upload(client, name, content):
    answer = client.post("/gradio_api/upload", files={"files": (name, content)})
    assert answer.status_code == 200, answer.text
    return answer.json()[0]
