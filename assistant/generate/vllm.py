"""A vLLM server on loopback, started for a workspace: `wardround serve-llm`.

vLLM lives in an environment of its own. Its key is made at start and handed over in its environment, so it stands
neither in the list of processes nor in a log; the clients of the workspace find it in an owner-only file (`running`).
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from assistant.errors import ModelUnavailable, WardroundError
from assistant.generate.chat import ChatServer
from assistant.generate.profiles import Profile, profile_of
from assistant.generate.running import FOLDER, LOCK, RunningServer, announce, withdraw
from assistant.records import Image
from assistant.settings import LlmSettings, ServeSettings

Tell = Callable[[str], None]
"""Called with a line of progress."""

_TELL_EVERY_S = 5.0
_STOP_S = 20.0


def vllm_command(llm: LlmSettings, serve: ServeSettings, profile: Profile, port: int) -> list[str]:
    """The command that serves the settings' model; the key is no part of it.

    Raises WardroundError where no model is named, vLLM is not installed, or does not serve this model.
    """
    if not llm.model:
        raise WardroundError("llm.model is not set: the folder of a model, or its name on the hub")
    if profile.vllm == "no":
        raise WardroundError(f"{profile.title}: vLLM does not serve it. {profile.note}")
    if profile.images is not None and llm.images > profile.images:
        raise WardroundError(f"llm.images is {llm.images}, and {profile.title} takes at most {profile.images} at once")
    command = [_python(llm), "-m", "vllm.entrypoints.openai.api_server", "--model", llm.model]
    command += ["--served-model-name", served_name(llm.model), "--host", "127.0.0.1", "--port", str(port)]
    if serve.tensor_parallel > 1:
        command += ["--tensor-parallel-size", str(serve.tensor_parallel)]
    if serve.quantisation:
        command += ["--quantization", serve.quantisation]
    if context := serve.context_tokens or profile.context_tokens:
        command += ["--max-model-len", str(context)]
    if llm.images:
        command += ["--limit-mm-per-prompt", json.dumps({"image": llm.images, "video": 0})]
    if template := serve.chat_template or profile.chat_template_file:
        command += ["--chat-template", str(template)]
    return [*command, *profile.arguments, *serve.arguments]


def served_name(model: str) -> str:
    """What requests and answers call the model: a hub name as it is, of a folder the last part."""
    return Path(model).expanduser().name if Path(model).expanduser().is_dir() else model


@contextmanager
def serving(workspace: Path, llm: LlmSettings, serve: ServeSettings, tell: Tell) -> Iterator[VllmServer]:
    """A server that answers; it ends with the block, and with this process whatever happens to that.

    Raises WardroundError when another one runs for the workspace, the port is taken, or the settings don't fit;
    ModelUnavailable when it does not come up.
    """
    folder = workspace / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    with _alone(folder):
        server = VllmServer(workspace, llm, serve)
        try:
            server.wait(tell)
            announce(workspace, server.running)
            yield server
        finally:
            withdraw(workspace)
            server.stop()


class VllmServer:
    """The child process. Its output goes to `.llm/server.log`, which holds no prompt and no key."""

    def __init__(self, workspace: Path, llm: LlmSettings, serve: ServeSettings) -> None:
        profile = profile_of(llm)
        port = _free_port(serve.port)
        self.log = workspace / FOLDER / "server.log"
        self._start_s = serve.start_s
        self._images = llm.images
        self._command = vllm_command(llm, serve, profile, port)
        key = secrets.token_urlsafe(32)
        local = Path(str(llm.model)).expanduser().is_dir()
        with os.fdopen(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as log:
            self._process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env=_environment(key, offline=local or not serve.download), preexec_fn=_end_with_parent,
            )  # fmt: skip
        name = served_name(str(llm.model))
        self.running = RunningServer(f"http://127.0.0.1:{port}/v1", key, name, profile.name, self._process.pid)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait(self, tell: Tell) -> None:
        """Until a request is answered; `tell` hears now and then how far it is. Raises ModelUnavailable."""
        started = told = time.monotonic()
        last = ""
        while not self._listens():
            now = time.monotonic()
            if not self.alive:
                raise ModelUnavailable(f"vLLM ended with status {self._process.returncode}: {self._last_error()}")
            if now - started > self._start_s:
                raise ModelUnavailable(
                    f"vLLM did not answer within {self._start_s:g} s (serve.start_s); see {self.log}"
                )
            line = self._last_line()
            if now - told >= _TELL_EVERY_S and line != last:
                tell(f"{now - started:4.0f} s  {line}")
                told, last = now, line
            time.sleep(0.25)
        self._try()
        tell(f"{time.monotonic() - started:4.0f} s  it answers")

    def wait_for_end(self) -> None:
        """Until it ends by itself, which is always a failure. Raises ModelUnavailable."""
        self._process.wait()
        raise ModelUnavailable(f"vLLM ended with status {self._process.returncode}: {self._last_error()}")

    def stop(self) -> None:
        """End it and what it started; harmless when it has ended."""
        for how, patience in ((signal.SIGTERM, _STOP_S), (signal.SIGKILL, 5.0)):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, how)  # its group: the engine is a process of its own
            until = time.monotonic() + patience
            while (self.alive or _runs(self._process.pid)) and time.monotonic() < until:
                time.sleep(0.02)

    def _listens(self) -> bool:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        address = self.running.base_url.removesuffix("/v1") + "/health"
        with suppress(OSError), direct.open(address, timeout=2) as reply:
            return bool(reply.status == 200)
        return False

    def _try(self) -> None:
        """One short request with as many pictures as one may carry: what does not fit shows now, not at a question."""
        limits = LlmSettings(model=self.running.model, api_key=self.running.api_key, max_tokens=1, timeout_s=300)
        pictures = [(f"E{i + 1}", Image(np.full((64, 64), 40 * i, np.uint8))) for i in range(self._images)]
        list(ChatServer(limits, self.running.base_url).stream("Answer.", "Say yes.", pictures))

    def _last_line(self) -> str:
        lines = self._lines()
        return lines[-1][-160:] if lines else "starting"

    def _last_error(self) -> str:
        lines = self._lines()
        errors = [line for line in lines if "Error" in line]
        return f"{(errors or lines or ['it said nothing'])[-1][-400:]} (all of it: {self.log})"

    def _lines(self) -> list[str]:
        with self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 50_000))
            text = file.read().decode("utf-8", "replace")
        return [line.strip() for line in text.replace("\r", "\n").splitlines() if line.strip()]


def _runs(group: int) -> bool:
    """Whether a process of the group runs on; where there is no /proc, it is taken to have ended with the first."""
    for told in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):  # it ended in that moment
            state, _, its_group = told.read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    import fcntl

    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released also by a kill
        except OSError:
            raise WardroundError(
                f"{folder.parent}: a server runs for this workspace already; stop that one first"
            ) from None
        yield


def _python(llm: LlmSettings) -> str:
    if llm.vllm_python:
        python = Path(llm.vllm_python).expanduser()
        if not python.is_file():
            raise WardroundError(f"llm.vllm_python is {llm.vllm_python}: there is no such file")
        return str(python)
    if find_spec("vllm") is None:
        raise WardroundError(
            "vLLM is not installed here; it wants an environment of its own: "
            "python3 -m venv ~/vllm && ~/vllm/bin/pip install vllm, then set llm.vllm_python to ~/vllm/bin/python"
        )
    return sys.executable


def _environment(key: str, *, offline: bool) -> dict[str, str]:
    quiet = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    alone = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"} if offline else {}
    return {**os.environ, **quiet, **alone, "VLLM_API_KEY": key, "PYTHONUNBUFFERED": "1"}


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise WardroundError(f"port {wanted} is taken: set serve.port, or 0 for any that is free") from None
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    """In the child: end when the parent is killed, which then can't stop it (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
