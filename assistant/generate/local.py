"""The packaged small model, SmolLM2-135M-Instruct, on the CPU: wiring that works offline, not a clinician's help.

It is served on loopback by a child process and then spoken to like any other OpenAI-compatible server.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from assistant.errors import MissingExtra, ModelUnavailable
from assistant.generate.context import Context, Exchange
from assistant.generate.prompts import prompt_of
from assistant.generate.served import ServedAnswerer, context_of, prompt_of_task
from assistant.generate.task import DraftTask, Task
from assistant.records import Statement
from assistant.settings import LlmSettings

MODEL = "smollm2-135m"
VARIANT = "small"  # of each prompt, where it has one
CONTEXT_TOKENS = 2048
THREADS = LlmSettings().threads
_EVIDENCE_TOKENS = 900  # the template takes 350, the reply up to 400
_REPLY_TOKENS = 400
_START_S = 60.0


class LocalServer:
    """A GGUF file served on a free loopback port by a child process that ends with this one.

    Raises MissingExtra without xllamacpp, ModelUnavailable when the server does not come up.
    """

    def __init__(
        self, gguf: Path, name: str = MODEL, context_tokens: int = CONTEXT_TOKENS, threads: int = THREADS
    ) -> None:
        if find_spec("xllamacpp") is None:
            raise MissingExtra("xllamacpp, which runs the packaged model,", "local")
        self.api_key = secrets.token_urlsafe(24)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (lives as long as the server)
        command = [sys.executable, "-m", "assistant.generate.local_server", "--model", str(gguf), "--name", name]
        command += ["--context", str(context_tokens), "--threads", str(threads)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, env=_environment()
        )
        atexit.register(self.close)
        self.base_url = self._wait() + "/v1"

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """Ends the child process; harmless when it has ended."""
        if self._process.stdin and not self._process.stdin.closed:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        atexit.unregister(self.close)

    def _wait(self) -> str:
        assert self._process.stdin and self._process.stdout
        late = threading.Timer(_START_S, self._process.kill)
        late.start()
        try:
            self._process.stdin.write(self.api_key + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            late.cancel()
        try:
            said = json.loads(line)
        except ValueError:
            said = {}
        if "address" in said:
            return str(said["address"])
        self.close()
        raise ModelUnavailable(
            "the packaged model's server did not start: {last_words}",
            last_words=said.get("error") or self._last_words(),
        )

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return " / ".join(lines[-3:])[:500] or f"it ended with status {self._process.returncode}"


class LocalAnswerer:
    """`ServedAnswerer` on the packaged model; its server starts with the first question and is then kept."""

    name = "local"
    model = MODEL

    def __init__(self, llm: LlmSettings, prompts_dir: Path | None = None) -> None:
        if find_spec("xllamacpp") is None:
            raise MissingExtra("xllamacpp, which runs the packaged model,", "local")
        self._llm = llm.model_copy(update={"context_tokens": min(llm.context_tokens, _EVIDENCE_TOKENS), "images": 0})
        self._prompts_dir = prompts_dir

    @property
    def prompt(self) -> str:
        return prompt_of("answer", VARIANT, self._prompts_dir).id

    def prompt_for(self, task: Task | DraftTask) -> str:
        return prompt_of_task(task, VARIANT, self._prompts_dir).id

    def context_for(self, task: Task | DraftTask) -> Context:
        return context_of(task, self._llm)

    def look(self) -> None:
        """Start the server, where it doesn't run yet. Raises ModelUnavailable, and WeightsMissing."""
        self._served()

    def answer(self, task: Task) -> Iterator[Statement]:
        """As `ServedAnswerer.answer`. Raises WeightsMissing when the weights can't be had."""
        return self._served().answer(task)

    def draft(self, task: DraftTask) -> Iterator[tuple[str, Statement]]:
        """As `ServedAnswerer.draft`. Raises WeightsMissing when the weights can't be had."""
        return self._served().draft(task)

    def standalone(self, question: str, earlier: tuple[Exchange, ...]) -> str | None:
        """As `ServedAnswerer.standalone`."""
        return self._served().standalone(question, earlier)

    def unsourced(self, question: str) -> Iterator[str]:
        """As `ServedAnswerer.unsourced`."""
        return self._served().unsourced(question)

    def _served(self) -> ServedAnswerer:
        server = _running_server(self._llm.threads)
        llm = self._llm.model_copy(
            update={
                "model": MODEL,
                "api_key": server.api_key,
                "max_tokens": min(self._llm.max_tokens, _REPLY_TOKENS),
            }
        )
        return ServedAnswerer(llm, self._prompts_dir, server.base_url, VARIANT)


_starting = threading.Lock()
_servers: dict[int, LocalServer] = {}


def _running_server(threads: int) -> LocalServer:
    """The one server of this process with so many threads, started when it is first needed, and again should it have
    ended."""
    from assistant.weights import locate

    with _starting:
        if threads not in _servers or not _servers[threads].alive:
            _servers[threads] = LocalServer(locate(MODEL), threads=threads)
        return _servers[threads]


def _environment() -> dict[str, str]:
    """The child finds this very package, from whatever folder it is started."""
    package = str(Path(__file__).resolve().parents[2])
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([package, known] if known else [package])}
