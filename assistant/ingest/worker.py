"""What a worker process of the pool does: receive items, read them, send back what each gave.

Messages are pickled objects between two processes of the same program over a socket that nobody else can reach;
nothing of them touches the disk. Arrays travel beside the message (pickle protocol 5, out of band), so that pixels
and samples are not copied into it.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assistant.errors import UnreadableFile
from assistant.ingest.deid import Deidentifier
from assistant.ingest.dicom.decode_apart import expendable
from assistant.ingest.formats import OUT_OF_MEMORY
from assistant.ingest.items import Item, Reading, content_digest, read_item
from assistant.ingest.quiet import quiet
from assistant.ingest.recipe import Recipe
from assistant.settings import IngestSettings
from assistant.wording import worded

_COUNT = struct.Struct("!Q")


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to know before its first item."""

    recipe: Recipe
    limits: IngestSettings
    deidentifier: Callable[[], Deidentifier] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: its records, or the reason why it is set aside.

    `digest` is of its files' content, told before they were read; `seconds` is how long reading took.
    """

    reading: Reading | None
    reason: str | None
    digest: str = ""
    seconds: float = 0.0
    retire: bool = False  # the worker ends after this one: its memory is too full to go on


def read_outcome(item: Item, job: Job, deidentifier: Deidentifier | None) -> Outcome:
    """Read one item; every failure becomes a reason."""
    begin = time.perf_counter()
    reading, reason, digest = None, None, ""
    try:
        digest = content_digest(item, job.limits)
        reading = read_item(item, job.recipe, job.limits, deidentifier)
    except UnreadableFile as error:
        reason = error.reason
    except MemoryError:
        reason = OUT_OF_MEMORY
    if reason is not None and OUT_OF_MEMORY in reason:
        return _too_much(job)
    return Outcome(reading, reason, digest, time.perf_counter() - begin)


def _too_much(job: Job) -> Outcome:
    told = "needs more memory than the limit of {limit:,} MB (ingest.worker_memory_mb)"
    return Outcome(None, worded(told, limit=job.limits.worker_memory_mb), retire=True)


def work(descriptor: int, parent: int) -> None:
    """The worker's whole life, from the job to the end of the connection."""
    connection = socket.socket(fileno=descriptor)
    _die_with(parent)
    job = receive(connection)
    _limit_memory(job.limits.worker_memory_mb)
    deidentifier = job.deidentifier() if job.deidentifier else None
    expendable()  # a decoder that crashes takes this process alone
    with quiet():
        _answer(connection, job, deidentifier)


def _answer(connection: socket.socket, job: Job, deidentifier: Deidentifier | None) -> None:
    """Read item after item, and end the process with the connection."""
    send_parts(connection, pack(None))  # it is ready
    while True:
        try:
            item = receive(connection)
        except EOFError:
            os._exit(0)
        outcome = read_outcome(item, job, deidentifier)
        try:
            parts = pack(outcome)
        except MemoryError:
            outcome = _too_much(job)
            parts = pack(outcome)
        try:
            send_parts(connection, parts)
        except OSError:  # the parent is gone
            os._exit(0)
        if outcome.retire:
            os._exit(0)


def _die_with(parent: int) -> None:
    """Linux ends this process with its parent, even while a decoder is at work; elsewhere the closed socket does."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(0)


def _limit_memory(megabytes: int) -> None:
    """Bound this process's data (Linux: heap and private mappings), and leave no core with patients' data in it.

    RLIMIT_DATA rather than RLIMIT_AS, which would also count shared libraries and mapped model files.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = megabytes << 20
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or limit < hard:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))


# --- messages -----------------------------------------------------------------------------------------


def pack(message: object) -> list[bytes | memoryview]:
    """A message as the pieces to be sent: how many, how long, the pickle, the arrays."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    parts = [memoryview(head), *(buffer.raw() for buffer in buffers)]
    sizes = b"".join(_COUNT.pack(part.nbytes) for part in parts)
    return [_COUNT.pack(len(parts)) + sizes, *parts]


def send_parts(connection: socket.socket, parts: list[bytes | memoryview]) -> None:
    for part in parts:
        connection.sendall(part)


def receive(connection: socket.socket) -> Any:
    """The next message. Raises EOFError when the other side is gone."""
    (count,) = _COUNT.unpack(_exactly(connection, _COUNT.size))
    sizes = [_COUNT.unpack(_exactly(connection, _COUNT.size))[0] for _ in range(count)]
    head, *buffers = [_exactly(connection, size) for size in sizes]
    return pickle.loads(head, buffers=buffers)


def _exactly(connection: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    view = memoryview(data)
    while view:
        try:
            got = connection.recv_into(view)
        except ConnectionError:
            got = 0
        if not got:
            raise EOFError
        view = view[got:]
    return data
