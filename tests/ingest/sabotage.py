"""Readers that go wrong, for tests of the pool: each worker process makes its own through `sabotaged`."""

import ctypes
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from assistant.ingest import items
from assistant.ingest.deid import Removed

ONCE = "once:"


class Untouched:
    """Leaves records as they are."""

    def record(self, record):
        return record, Removed({"name": record.text.count("NAME")})


def sabotaged():
    """A de-identifier that does nothing; on the way, reading a text that begins with a command obeys it."""
    read_content = items.read_content

    def read(file, limits):
        obey(file.data.decode("utf-8", "replace"))
        return read_content(file, limits)

    items.read_content = read
    return Untouched()


def obey(text):
    command, _, rest = text.partition("\n")[0].partition(" ")
    if command.startswith(ONCE):  # "once:segfault MARK": only as long as the file MARK is not there
        command, mark = command.removeprefix(ONCE), Path(rest)
        if mark.exists():
            return
        mark.touch()
    match command:
        case "segfault":
            ctypes.string_at(0)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(int(rest))
        case "sleep":
            time.sleep(float(rest))
        case "spin":  # holds the interpreter's lock for ever: no signal handler, no thread runs
            re.match(r"(a|a)*$", "a" * 64 + "b")
        case "eat":
            eaten = [bytearray(1 << 24) for _ in range(10_000)]
            assert eaten
        case "child":  # leaves a process of its own behind and never ends
            subprocess.run(["sleep", "300"], check=False)
