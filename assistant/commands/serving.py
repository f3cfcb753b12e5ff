"""The command that serves a language model."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from assistant.commands.common import OK
from assistant.console import print_json, say


def run_serve_llm(arguments: Namespace) -> int:
    """Serves until it is interrupted, which is its proper end."""
    import shlex
    import signal

    from assistant.generate.chat import ChatServer
    from assistant.generate.profiles import profile_of
    from assistant.generate.vllm import serving, vllm_command
    from assistant.settings import load_settings

    settings = load_settings(arguments.workspace)
    llm = settings.llm.model_copy(update={"model": arguments.model or settings.llm.model})
    serve = settings.serve.model_copy(
        update={
            "port": settings.serve.port if arguments.port is None else arguments.port,
            "download": settings.serve.download or arguments.download,
            "arguments": (*settings.serve.arguments, *arguments.arguments),
        }
    )
    profile = profile_of(llm)
    if arguments.dry_run:
        command = vllm_command(llm, serve, profile, serve.port)
        found: dict[str, Any] = {
            "profile": profile.name,
            "licence": profile.licence,
            "note": profile.note,
            "command": command,
        }
        print_json(found) if arguments.json else print(shlex.join(command))
        return OK
    if llm.base_url and not arguments.model:
        model = ChatServer(llm, llm.base_url).look()
        found = {"base_url": llm.base_url, "model": model, "started": False}
        print_json(found) if arguments.json else print(f"{llm.base_url} (llm.base_url) answers and serves {model}")
        return OK
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    say(f"{llm.model}: profile {profile.name}" + (f"; licence: {profile.licence}" if profile.licence else ""))
    try:
        with serving(arguments.workspace, llm, serve, say) as server:
            running = server.running
            found = {"base_url": running.base_url, "model": running.model, "profile": running.profile, "started": True}
            if arguments.json:
                print_json({**found, "pid": running.pid, "log": str(server.log)})
            else:
                print(f'{running.model} answers at {running.base_url}, for llm.name = "openai" of this workspace')
                print("Ctrl+C ends it.")
            sys.stdout.flush()
            server.wait_for_end()
    except KeyboardInterrupt:
        say("the server has ended")
    return OK
