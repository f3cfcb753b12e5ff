"""`wardround serve-llm` where it starts nothing: a server that is there already, a dry run, settings that don't fit."""

import json
import socket

import pytest

from assistant.cli import main
from assistant.generate.local import MODEL, LocalServer
from assistant.generate.running import LOCK, RunningServer, announce, running_server
from assistant.weights import locate


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "wardround.toml").write_text(
        '[llm]\nmodel = "/models/medgemma-4b-it"\nimages = 2\nvllm_python = "/bin/false"\n[serve]\nport = 0\n'
    )
    return tmp_path


def run(workspace, *words):
    return main(["serve-llm", "--workspace", str(workspace), *words])


def test_a_server_that_is_there_is_looked_at_and_none_is_started(tmp_path, monkeypatch, capsys):
    pytest.importorskip("xllamacpp")
    server = LocalServer(locate(MODEL))
    monkeypatch.setenv("WARDROUND_LLM__BASE_URL", server.base_url)
    monkeypatch.setenv("WARDROUND_LLM__API_KEY", server.api_key)
    assert run(tmp_path, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"base_url": server.base_url, "model": MODEL, "started": False}
    monkeypatch.setenv("WARDROUND_LLM__MODEL", "another")
    assert run(tmp_path) == 2
    assert f"serves {MODEL}: say which in llm.model" in capsys.readouterr().err
    server.close()
    assert run(tmp_path) == 2
    assert "start its server" in capsys.readouterr().err


def test_a_dry_run_says_what_would_be_started(workspace, capsys):
    assert run(workspace, "--dry-run", "--json", "--port", "8123", "--", "--gpu-memory-utilization", "0.8") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["profile"] == "medgemma" and "Health AI" in said["licence"]
    assert said["command"][:3] == ["/bin/false", "-m", "vllm.entrypoints.openai.api_server"]
    assert said["command"][-2:] == ["--gpu-memory-utilization", "0.8"] and "8123" in said["command"]
    assert not (workspace / ".llm").exists()


def test_a_server_that_does_not_come_up_is_an_error_with_its_status_and_leaves_nothing(workspace, capsys):
    assert run(workspace) == 2
    assert "vLLM ended with status 1" in capsys.readouterr().err
    assert running_server(workspace) is None and not (workspace / ".llm" / "server.json").exists()


def test_what_a_server_started_has_ended_when_the_command_has(workspace):
    """As vLLM's engine, which is a process of its own and takes its time to end."""
    server = workspace / "server"
    server.write_text('#!/bin/sh\n(trap "" TERM; touch "$0.began"; sleep 1; touch "$0.ended") &\n'
                      'while [ ! -e "$0.began" ]; do sleep 0.02; done\nexit 3\n')  # fmt: skip
    server.chmod(0o755)
    settings = workspace / "wardround.toml"
    settings.write_text(settings.read_text().replace("/bin/false", str(server)))
    assert run(workspace) == 2
    assert (workspace / "server.ended").exists()


def test_a_taken_port_is_named(workspace, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert run(workspace, "--port", str(port)) == 2
    assert f"port {port} is taken" in capsys.readouterr().err


def test_the_note_of_a_server_that_was_killed_is_not_believed(workspace):
    (workspace / ".llm").mkdir()
    (workspace / ".llm" / LOCK).touch()
    announce(workspace, RunningServer("http://127.0.0.1:1/v1", "key", "m", "unknown", 1))
    assert running_server(workspace) is None
