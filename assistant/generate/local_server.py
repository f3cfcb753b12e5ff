"""Serves a GGUF model on loopback with xllamacpp's OpenAI-compatible server; a process of its own.

    python -m assistant.generate.local_server --model FILE --name NAME --context 2048 --threads 2

It writes one line of JSON to stdout when it answers: `{"address": "http://127.0.0.1:PORT"}`, or
`{"error": "…"}`; and ends when its stdin is closed, that is, together with whoever started it. The API key
that every request must carry is read from the first line of stdin.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any


def main() -> int:
    parser = argparse.ArgumentParser(description="Serve a GGUF model on 127.0.0.1 until stdin is closed.")
    parser.add_argument("--model", required=True, help="the GGUF file")
    parser.add_argument("--name", required=True, help="the name it is served under")
    parser.add_argument("--context", type=int, default=2048, help="context length in tokens")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    chosen = parser.parse_args()
    key = sys.stdin.readline().strip()
    try:
        server = _serve(chosen.model, chosen.name, chosen.context, chosen.threads, chosen.port, key)
    except Exception as error:
        print(json.dumps({"error": str(error)[:500]}), flush=True)
        return 2
    print(json.dumps({"address": server.listening_address}), flush=True)
    sys.stdin.read()
    os._exit(0)  # the server's threads may be in mid-answer: nobody is left to read it


def _serve(model: str, name: str, context: int, threads: int, port: int, key: str) -> Any:
    import xllamacpp

    options = xllamacpp.CommonParams()
    options.model.path = model
    options.model_alias = {name}
    options.hostnames = ["127.0.0.1"]
    options.port = port
    options.n_ctx = context
    options.n_parallel = 1
    options.warmup = False
    options.ui = False
    options.offline = True
    options.cpuparams.n_threads = threads
    options.cpuparams_batch.n_threads = threads
    options.cpuparams.poll = options.cpuparams_batch.poll = 0  # wait asleep: spinning starves whoever shares the cores
    if key:
        options.api_keys = [key]
    return xllamacpp.Server(options)


if __name__ == "__main__":
    sys.exit(main())
