"""A real vLLM with a tiny vision-language model, started as a user starts it: `wardround serve-llm`."""

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import vllm_environment
from small_archive import build_small_archive

# vLLM binds its worker to cores of its own choice: more threads than those, as tests ask for, wait for each other.
_OWN_THREADS = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
ARGUMENTS = ("--dtype", "bfloat16", "--enforce-eager")


@dataclass
class Served:
    """A workspace with the small archive for which a server runs."""

    workspace: Path
    process: subprocess.Popen
    told: dict  # what the command printed
    progress: Path

    def counted(self, name):
        """The sum of one of vLLM's own counters or gauges, by the start of its name."""
        with urllib.request.urlopen(self.told["base_url"].removesuffix("/v1") + "/metrics", timeout=10) as reply:
            lines = reply.read().decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(re.escape(name) + r"[ {]", line))


def serve(workspace, *arguments):
    """The process of `wardround serve-llm`; it ends with the tests, killed ones included."""
    return subprocess.Popen(
        [sys.executable, "-m", "assistant.cli", "serve-llm", "--workspace", workspace, *arguments],
        stdout=subprocess.PIPE, stderr=(workspace / "progress").open("wb"), text=True,
        env={**_OWN_THREADS, "VLLM_CPU_KVCACHE_SPACE": "1"}, preexec_fn=_in_the_child,
    )  # fmt: skip


def write_settings(workspace, **llm):
    options = {"name": "openai", "model": str(vllm_environment.model()), "images": 2, "max_tokens": 40,
               "vllm_python": str(vllm_environment.python()), **llm}  # fmt: skip
    lines = [f"{name} = {json.dumps(value)}" for name, value in options.items()]
    (workspace / "wardround.toml").write_text(
        "\n".join(["[llm]", *lines, "[serve]", "port = 0", "context_tokens = 60000"]) + "\n"
    )


@pytest.fixture(scope="session")
def vllm(tmp_path_factory):
    if not vllm_environment.is_there():
        pytest.skip(vllm_environment.HINT)
    workspace = tmp_path_factory.mktemp("served")
    build_small_archive(workspace)
    write_settings(workspace)
    process = serve(workspace, "--json", "--", *ARGUMENTS)
    told = _document(process.stdout)
    if not told:
        raise RuntimeError(f"vLLM did not start: {(workspace / 'progress').read_text()[-3000:]}")
    yield Served(workspace, process, json.loads(told), workspace / "progress")
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def _document(stream):
    """The text of the one JSON document that a process prints while it goes on; nothing where it ends before."""
    lines = []
    while line := stream.readline():
        lines.append(line)
        if line == "}\n":
            break
    return "".join(lines)


def _in_the_child():
    """End with the parent, and keep to one core.

    vLLM's processes wait for each other by spinning. With a core each, and no other core there, they left no turn to
    anything else for as long as an answer took (8 s for 6,000 tokens): not to who closes the stream, nor to a browser
    of the tests beside.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
