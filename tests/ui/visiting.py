"""Visitors without a browser: they speak to the page's server as the page itself does, many at a time.

A visitor signs in, opens the page, drops a file of his own, asks about it and reads what is streamed to him. The figure
in each one's file is his alone, so an answer with another figure is another visitor's.
"""

from __future__ import annotations

import asyncio
import html
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import numpy as np
from gradio_client.utils import apply_diff

from assistant.store.accounts import Accounts
from assistant.store.workspace_db import WorkspaceDb

OPENED = {"accept": "text/html"}
PASSWORD = "correct horse battery"
SETTINGS = {
    "WARDROUND_UI__SIGN_IN": "true",
    "WARDROUND_UI__KEEP_UPLOADS_MINUTES": "0.5",  # so that what is kept comes to rest within a short run
}
_CONFIG = "window.gradio_config = "
KEPT_S = 2.0
QUESTION = "What is the loading dose of amiodarone?"
_TAG = re.compile(r"<[^>]+>")
_DOSE = re.compile(r"\b(\d{4,6}) mg")
_SERVER = """
import sys
from assistant.assistant import Assistant
from assistant.ui.server import PageServer
with PageServer(Assistant.open(sys.argv[1]), int(sys.argv[2])) as server:
    print(server.folder, flush=True)
    sys.stdin.read()
"""
SAMPLE_S = 5.0  # between two looks at the server's memory


class Layout:
    """Where the page's components and events are: by their element ids, so that the page may grow."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.components = {part["id"]: part for part in config["components"]}
        self._ids = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
        self._events: dict[tuple[int | None, str], dict[str, Any]] = {}
        self.loads: list[dict[str, Any]] = []
        here = config["page"][""]["dependencies"]  # "": the conversation's page
        for event in (event for event in config["dependencies"] if event["id"] in here):
            for target, name in event["targets"]:
                self._events.setdefault((target, name), event)
                if name == "load" and not event["js"]:
                    self.loads.append(event)

    def id_of(self, element: str) -> int:
        return self._ids[element]

    def event(self, element: str, name: str) -> dict[str, Any]:
        return self._events[self._ids[element], name]

    def data(self, event: dict[str, Any], given: dict[str, Any]) -> list[Any]:
        """An event's inputs: what is given by element id, a component's own value elsewhere."""
        names = {self.id_of(element): value for element, value in given.items()}
        return [names.get(part, self.components[part]["props"].get("value")) for part in event["inputs"]]

    def output(self, event: dict[str, Any], element: str) -> int:
        return event["outputs"].index(self.id_of(element))


@dataclass
class Tally:
    """What became of all visits."""

    first_s: list[float] = field(default_factory=list)  # from sending until evidence is on the screen
    whole_s: list[float] = field(default_factory=list)  # until the whole answer is
    errors: list[str] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)  # answers that hold another visitor's figure, or not the own
    waited: int = 0  # questions that were told their place in the line
    memory_mb: list[float] = field(default_factory=list)  # of the server, every SAMPLE_S
    processor_s: float = 0.0  # that the server took, over all its threads
    began: bool = False  # all have come in

    @contextmanager
    def catching(self) -> Iterator[None]:
        """What goes wrong for one visitor is noted, and the others go on."""
        try:
            yield
        except (AssertionError, httpx.HTTPError) as error:
            self.errors.append(f"{type(error).__name__}: {error}")

    def summary(self) -> dict[str, Any]:
        """Counts, seconds (median, 95th percentile) and megabytes (a tenth in, half-way, at the end, most)."""

        def spread(seconds: list[float]) -> dict[str, float]:
            return {f"p{share}": round(float(np.percentile(seconds or [0.0], share)), 3) for share in (50, 95)}

        kept = self.memory_mb or [0.0]
        places = {"early": len(kept) // 10, "half": len(kept) // 2, "end": len(kept) - 1}
        return {
            "answers": len(self.whole_s), "errors": len(self.errors), "mixed_up": len(self.mixed_up),
            "waited": self.waited, "first_evidence_s": spread(self.first_s), "answer_s": spread(self.whole_s),
            "processor_s_an_answer": round(self.processor_s / max(1, len(self.whole_s)), 3),
            "memory_mb": {name: round(kept[at]) for name, at in places.items()} | {"most": round(max(kept))},
            "said": [*self.errors[:3], *self.mixed_up[:3]],
        }  # fmt: skip


class SimulatedVisitor:
    """One browser tab at the page."""

    def __init__(self, url: str, layout: Layout, dose: int) -> None:
        self.layout, self.dose = layout, dose
        self.session = uuid.uuid4().hex[:11]
        # A browser asks again where the server closes a connection that it has kept long; here none is kept so long.
        limits = httpx.Limits(max_connections=None, keepalive_expiry=KEPT_S)
        self.client = httpx.AsyncClient(base_url=url, timeout=None, limits=limits)
        self._heart: asyncio.Task[None] | None = None
        self._asked = 0

    async def open(self) -> None:
        """Load the page and keep its heart beating; the tab is closed when that stops."""
        await sign_in(self.client, self.dose)
        (await self.client.get("/", headers=OPENED)).raise_for_status()
        self._heart = asyncio.create_task(self._beat())
        for event in self.layout.loads:
            await self._run(event, {})

    async def drop(self) -> None:
        """A file of his own, dropped into the box."""
        text = f"Ward guide, copy {self.dose}. The loading dose of amiodarone is {self.dose} mg over 60 minutes."
        name = f"guide-{self.dose}.txt"
        sent = await self.client.post("/gradio_api/upload", files={"files": (name, text.encode())})
        sent.raise_for_status()
        self._files = [{"path": sent.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}]
        got = await self._run(self.layout.event("wr-box", "change"), {"wr-box": {"text": "", "files": self._files}})
        shelf = str(got[self.layout.output(self.layout.event("wr-box", "change"), "wr-shelf")])
        if name not in shelf:
            raise AssertionError(f"the card of {name} did not come: {shelf[:200]}")

    async def ask(self, tally: Tally) -> None:
        """One question, and what was streamed in answer, judged."""
        event = self.layout.event("wr-box", "submit")
        box = {"text": QUESTION, "files": self._files if self._asked == 0 else []}
        sent = time.perf_counter()
        joined = await self.client.post("/gradio_api/queue/join", json=self._body(event, {"wr-box": box}))
        joined.raise_for_status()
        self._asked += 1
        talk, where, first, waited = "", self.layout.output(event, "wr-talk"), None, False
        async for value in self._stream(joined.json()["event_id"]):
            if isinstance(value[where], str):
                talk = value[where]
                turn = talk.rpartition('<section class="wr-turn"')[2]
                waited = waited or (first is None and "Waiting for a turn" in turn)
                if first is None and ("<details" in turn or "wr-claim" in turn):
                    first = time.perf_counter() - sent
        tally.waited += waited
        self._judge(talk, tally)
        tally.whole_s.append(time.perf_counter() - sent)
        tally.first_s.append(first if first is not None else tally.whole_s[-1])

    def _judge(self, talk: str, tally: Tally) -> None:
        turn = talk.rpartition('<section class="wr-turn"')[2]
        if 'data-stage="done"' not in turn:
            tally.errors.append(html.unescape(_TAG.sub(" ", turn))[-300:])
            return
        doses = {int(dose) for dose in _DOSE.findall(html.unescape(_TAG.sub(" ", talk)))}
        if doses != {self.dose}:
            tally.mixed_up.append(f"{self.dose}: {sorted(doses)}")

    async def renew(self) -> None:
        """A new conversation; the old one's file goes some time later."""
        await self._run(self.layout.event("wr-bar-line", "click"), {}, {"act": "new_talk"})
        self._asked = 0

    async def close(self) -> None:
        if self._heart is not None:
            self._heart.cancel()
        await self.client.aclose()

    async def _beat(self) -> None:
        async with self.client.stream("GET", f"/gradio_api/heartbeat/{self.session}") as beats:
            async for _ in beats.aiter_lines():
                pass

    def _body(self, event: dict[str, Any], given: dict[str, Any], told: object = None) -> dict[str, Any]:
        data = self.layout.data(event, given)
        trigger = event["targets"][0][0]
        return {"data": data, "event_data": told, "fn_index": event["id"], "trigger_id": trigger,
                "session_hash": self.session}  # fmt: skip

    async def _run(self, event: dict[str, Any], given: dict[str, Any], told: object = None) -> list[Any]:
        """An event outside the queue."""
        answer = await self.client.post("/gradio_api/run/predict", json=self._body(event, given, told))
        if answer.status_code != 200:
            raise AssertionError(f"{event['api_name']}: {answer.status_code} {answer.text[:300]}")
        return list(answer.json()["data"])

    async def _stream(self, event_id: str) -> Any:
        """The values of an event's outputs as they come, until it is completed."""
        values: list[Any] | None = None
        source = self.client.stream("GET", "/gradio_api/queue/data", params={"session_hash": self.session})
        async with source as lines:
            async for line in lines.aiter_lines():
                if not line.startswith("data:"):
                    continue
                message = json.loads(line[5:])
                if message["msg"] == "unexpected_error":
                    raise AssertionError(f"the stream broke: {message}")
                if message.get("event_id") != event_id:
                    continue
                if message["msg"] == "process_generating":
                    said = message["output"]["data"]
                    values = said if values is None else [apply_diff(*pair) for pair in zip(values, said, strict=True)]
                    yield values
                if message["msg"] == "process_completed":
                    if not message["success"]:
                        raise AssertionError(f"the question failed: {message['output']}")
                    return


def dose_of(number: int) -> int:
    return 1_000 + 37 * number


async def sign_in(client: httpx.AsyncClient, dose: int) -> None:
    """As the account of that figure."""
    answer = await client.post("/sign-in", data={"name": f"visitor-{dose}", "password": PASSWORD})
    assert answer.status_code == 303, answer.text


async def visit(visitor: SimulatedVisitor, until: float, think_s: float, tally: Tally) -> None:
    """Ask about a file of one's own until the time is over; every fourth question in a new conversation."""
    chance = random.Random(visitor.dose)
    asked = 0
    with tally.catching():
        while time.perf_counter() < until:
            await asyncio.sleep(think_s * 2 * chance.random())
            await visitor.ask(tally)
            asked += 1
            if asked % 4 == 0:
                await visitor.renew()
                await visitor.drop()


async def come_in(visitor: SimulatedVisitor, tally: Tally) -> None:
    with tally.catching():
        await visitor.open()
        await visitor.drop()


async def visit_all(url: str, visitors: int, seconds: float, think_s: float, tally: Tally) -> None:
    """So many visitors, each with a dose of his own; once all have come in they ask for so long, all at once."""
    async with httpx.AsyncClient(base_url=url, timeout=None) as client:
        await sign_in(client, dose_of(0))
        page = (await client.get("/", headers=OPENED)).raise_for_status().text
    layout = Layout(json.JSONDecoder().raw_decode(page, page.index(_CONFIG) + len(_CONFIG))[0])
    everybody = [SimulatedVisitor(url, layout, dose_of(number)) for number in range(visitors)]
    await asyncio.gather(*(come_in(visitor, tally) for visitor in everybody))
    tally.began = True
    until = time.perf_counter() + seconds
    await asyncio.gather(*(visit(visitor, until, think_s, tally) for visitor in everybody))
    await asyncio.gather(*(visitor.close() for visitor in everybody))


async def measured_visits(workspace: Path, visitors: int, seconds: float, think_s: float = 0.0) -> Tally:
    """`visit_all` at a server of its own. Its processor time is looked at once all have come in, its memory once as
    many questions were answered."""
    accounts = Accounts(WorkspaceDb(workspace))
    for number in range(visitors):
        if accounts.find(f"visitor-{dose_of(number)}") is None:
            accounts.add(f"visitor-{dose_of(number)}", PASSWORD, ["reader"])
    with served(workspace) as (url, server):
        tally = Tally()
        watching = asyncio.create_task(_watch(server.pid, tally, visitors))
        await visit_all(url, visitors, seconds, think_s, tally)
        watching.cancel()
        return tally


@contextmanager
def served(
    workspace: Path, settings: Mapping[str, str] = SETTINGS, log: IO[str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The page over a workspace in a process of its own: its address, and the process. It must end tidily.

    `settings` are added to its environment; `log` takes what it says.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-W", "ignore", "-c", _SERVER, str(workspace), str(port)]
    environment = {**os.environ, **settings}
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
    )
    assert server.stdin is not None and server.stdout is not None
    try:
        folder = server.stdout.readline().strip()
        assert folder, "the server did not start"
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.stdin.close()
        server.wait(timeout=60)
        server.stdout.close()
    assert not Path(folder).exists(), "uploads outlive the server"


async def _watch(pid: int, tally: Tally, visitors: int) -> None:
    """The processor time of a process so far, and its resident memory, again and again (Linux).

    Memory from the moment on when everybody could have had an answer: with the first questions models are loaded, which
    takes more for a moment than they keep.
    """
    status = Path(f"/proc/{pid}/status")
    while not tally.began:
        await asyncio.sleep(0.1)
    before = _processor_s(pid)
    while status.exists():
        loaded = len(tally.whole_s) >= visitors
        if loaded:
            tally.memory_mb.append(int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) / 1_000)  # type: ignore[index]
        tally.processor_s = _processor_s(pid) - before
        await asyncio.sleep(SAMPLE_S if loaded else 0.1)


def _processor_s(pid: int) -> float:
    """User and system time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
