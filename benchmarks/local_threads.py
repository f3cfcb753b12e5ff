"""How many threads the packaged small model should have: seconds of a reply, with the cores idle and with them busy.

    python benchmarks/local_threads.py [--threads 1,2] [--busy 0,1,2] [--rounds 3]

Each number of threads has a server of its own; they take turns, so that what else the machine does meets all of them.
Busy means so many processes that count without end. A reply is 64 tokens to a prompt of about 700.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

from assistant.generate.chat import ChatServer
from assistant.generate.local import LocalServer
from assistant.settings import LlmSettings
from assistant.weights import locate

SYSTEM = "Continue the report."
REPORT = "The heart is normal in size. No pleural effusion or pneumothorax is seen. The lungs are clear. " * 30


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--busy", default="0,1,2")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    servers = {}
    for threads in map(int, chosen.threads.split(",")):
        server = LocalServer(locate("smollm2-135m"), threads=threads)
        llm = LlmSettings(base_url=server.base_url, api_key=server.api_key, model="smollm2-135m", max_tokens=64,
                          timeout_s=900)  # fmt: skip
        servers[threads] = server, ChatServer(llm, server.base_url)
    for busy in map(int, chosen.busy.split(",")):
        others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
        seconds: dict[int, list[float]] = {threads: [] for threads in servers}
        try:
            for n in range(chosen.rounds):
                for threads, (_, chat) in servers.items():
                    started = time.perf_counter()
                    list(chat.stream(SYSTEM, f"Report {busy}.{n}. {REPORT}"))  # a prompt that no cache holds
                    seconds[threads].append(time.perf_counter() - started)
        finally:
            for other in others:
                other.kill()
        for threads, taken in seconds.items():
            spread = f"{min(taken):.1f}–{max(taken):.1f}"
            print(f"{busy} busy, {threads} threads: {statistics.median(taken):.1f} s ({spread})", flush=True)


if __name__ == "__main__":
    main()
