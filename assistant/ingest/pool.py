"""Items read in processes of their own: results in the items' order, and no file can stop the rest.

Why not a library: `concurrent.futures` gives up every task when one worker dies (BrokenProcessPool), and
`multiprocessing.Pool` waits for ever for the task of a dead worker. pebble (LGPL) has crashes and time limits right
but no memory limit, no affinity of an archive's members to a worker and no bound on finished results. And all of them
import the caller's `__main__` anew in a worker, which runs a script without `if __name__ == "__main__"` a second
time. So each worker here is a plain child process at the other end of a socket pair, watched by one thread.

- A worker that dies is replaced. The item that it was at is tried once more, alone in a fresh worker: dying twice is
  the file's doing, dying once may be a `kill` from outside or memory that other programs took.
- A worker over `ingest.max_seconds` is killed, one over `ingest.worker_memory_mb` gets a MemoryError; the file is set
  aside with the limit named.
- Finished results wait for their turn within bounds (`WINDOW` items, `WAITING_BYTES`); beyond, no more is handed out.
- Members of a TAR go to one worker in their order, since a compressed one is read in a single pass.
- Workers end with this process, however it ends.
"""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import IO

from assistant.errors import WardroundError
from assistant.ingest.deid import Deidentifier
from assistant.ingest.items import Item
from assistant.ingest.recipe import Recipe
from assistant.ingest.worker import Job, Outcome, pack, receive, send_parts
from assistant.settings import IngestSettings

WINDOW = 256  # how many items may be handed out beyond the first that is not yet taken
WAITING_BYTES = 256_000_000  # of finished results; beyond, only the item that all wait for is handed out
AHEAD = 16  # items sent to a worker beforehand while its files take less than _QUICK_S each
_QUICK_S = 0.02
_AHEAD_BYTES = 32_768  # less than a socket holds: a worker busy with sending must not block this side
_START_S = 120.0
_CODE = "import sys; sys.path[:] = {path!r}; from assistant.ingest.worker import work; work({descriptor}, {parent})"


def read_items(
    items: Sequence[Item],
    recipe: Recipe,
    limits: IngestSettings,
    deidentifier: Callable[[], Deidentifier] | None = None,
) -> Generator[Outcome, None, None]:
    """What each item gave, in the items' order; read by `limits.workers` processes, which end with the iterator.

    `deidentifier` makes each worker's own; it must be picklable. No process is started for items of which it is known
    already why they can't be read. Raises WardroundError if no worker can be started.
    """
    pool = _Pool(items, Job(recipe, limits, deidentifier))
    try:
        yield from pool.outcomes()
    finally:
        pool.stop()


def usable_cpus() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(eq=False)
class _Worker:
    """A child process and the items it has been sent, of which it is at the first since `since`."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    errors: IO[bytes]
    since: float
    ready: bool = False
    read: int = 0  # items answered so far
    quick: bool = False
    at: deque[tuple[int, int]] = field(default_factory=deque)  # (number of the item, bytes of its message)
    unit: deque[int] = field(default_factory=deque)  # items that come to this worker next


class _Pool:
    """The supervisor: a thread that hands out items, gathers outcomes and replaces the dead."""

    def __init__(self, items: Sequence[Item], job: Job) -> None:
        self._items, self._job = items, job
        self._outcomes: dict[int, tuple[Outcome, int]] = {
            number: (Outcome(None, item.problem), 0) for number, item in enumerate(items) if item.problem
        }
        self._units = deque(_units(items))
        self._alone: deque[int] = deque()  # items to be tried again, each in a fresh worker
        self._tried: set[int] = set()
        self._waiting_bytes, self._next = 0, 0
        self._workers: list[_Worker] = []
        self._count = min(job.limits.workers or usable_cpus(), len(self._units))
        self._changed = threading.Condition()
        self._stopped = False
        self._failure: BaseException | None = None
        self._wake_up, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._supervise, name="wardround-readers", daemon=True)
        self._thread.start()

    def outcomes(self) -> Iterator[Outcome]:
        for number in range(len(self._items)):
            with self._changed:
                while number not in self._outcomes:
                    if self._failure is not None:
                        raise self._failure
                    self._changed.wait()
                outcome, size = self._outcomes.pop(number)
                self._waiting_bytes -= size
                self._next = number + 1
            self._wake()
            yield outcome

    def stop(self) -> None:
        self._stopped = True
        self._wake()
        self._thread.join()
        self._wake_up.close()
        self._woken.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it wakes up anyway
            self._wake_up.send(b"\0", socket.MSG_DONTWAIT)

    # --- the thread -------------------------------------------------------------------------------

    def _supervise(self) -> None:
        try:
            while not self._stopped and self._next + len(self._outcomes) < len(self._items):
                self._hand_out()
                for key, _ in self._selector.select(self._patience()):
                    if key.fileobj is self._woken:
                        self._woken.recv(4096)
                    else:
                        self._hear(key.data)
                self._check_time()
        except BaseException as error:
            with self._changed:
                self._failure = error
                self._changed.notify()
        finally:
            for worker in list(self._workers):
                self._end(worker)
            self._selector.close()

    def _patience(self) -> float | None:
        first = min(map(self._deadline, self._workers), default=math.inf)
        return None if first == math.inf else max(0.0, first - time.monotonic()) + 0.01

    def _deadline(self, worker: _Worker) -> float:
        if not worker.ready:
            return worker.since + _START_S
        return worker.since + self._job.limits.max_seconds if worker.at else math.inf

    def _hand_out(self) -> None:
        while sum(not worker.at and not worker.read for worker in self._workers) < len(self._alone):
            self._start()
        while len(self._workers) < self._count and sum(not worker.at for worker in self._workers) < len(self._units):
            self._start()
        for worker in self._workers:
            while worker.ready and self._supply(worker):
                pass

    def _supply(self, worker: _Worker) -> bool:
        """Send a worker its next item; whether it took one."""
        if not worker.at and not worker.read and self._alone:
            return self._give(worker, self._alone.popleft())
        if len(worker.at) >= (AHEAD if worker.quick else 1) or (worker.at and worker.at[0][0] in self._tried):
            return False
        if not worker.unit and self._units and self._within_bounds(self._units[0][0]):
            worker.unit = self._units.popleft()
        if not worker.unit or not self._within_bounds(worker.unit[0]):
            return False
        return self._give(worker, worker.unit.popleft())

    def _within_bounds(self, number: int) -> bool:
        if self._waiting_bytes < WAITING_BYTES:
            return number < self._next + WINDOW
        units = [*self._units, *(worker.unit for worker in self._workers)]
        return number <= min(unit[0] for unit in units if unit)

    def _give(self, worker: _Worker, number: int) -> bool:
        parts = pack(self._items[number])
        size = sum(len(part) for part in parts)
        if worker.at and size + sum(sent for _, sent in worker.at) > _AHEAD_BYTES:
            worker.unit.appendleft(number)
            return False
        if not worker.at:
            worker.since = time.monotonic()
        worker.at.append((number, size))
        with contextlib.suppress(OSError):  # a dead one is noticed when it is listened to
            send_parts(worker.connection, parts)
        return True

    def _hear(self, worker: _Worker) -> None:
        """Take what a worker sent: that it is ready, or the outcome of the item it was at."""
        try:
            message: Outcome | None = receive(worker.connection)
        except (EOFError, TimeoutError):
            self._bury(worker)
            return
        worker.since = time.monotonic()
        if message is None:
            worker.ready = True
            return
        number, _ = worker.at.popleft()
        if message.retire:
            if worker.read:  # its memory may have been full of what other files left
                self._alone.append(number)
            else:
                self._finish(number, message)
            self._end(worker)
            return
        self._finish(number, message)
        worker.read += 1
        worker.quick = message.seconds < _QUICK_S

    def _bury(self, worker: _Worker) -> None:
        """A worker has died: what it was at is tried again or set aside."""
        number = worker.at.popleft()[0] if worker.at else None
        code = self._end(worker)
        if not worker.ready:
            raise WardroundError(f"a process for reading files can't be started: {_last_line(worker.errors, code)}")
        if number is None:
            return
        if number in self._tried:
            cause = f"signal {-code}" if code < 0 else f"exit status {code}"
            self._finish(number, Outcome(None, f"the reader crashed on it ({cause})"))
        else:
            self._tried.add(number)
            self._alone.append(number)

    def _check_time(self) -> None:
        now = time.monotonic()
        for worker in [worker for worker in self._workers if self._deadline(worker) <= now]:
            if not worker.ready:
                raise WardroundError(f"a process for reading files did not start within {_START_S:.0f} s")
            number, _ = worker.at.popleft()
            limit = f"{self._job.limits.max_seconds:g} s (ingest.max_seconds)"
            self._finish(number, Outcome(None, f"not read within the limit of {limit}"))
            self._end(worker)

    def _finish(self, number: int, outcome: Outcome) -> None:
        size = _weight(outcome)
        with self._changed:
            self._outcomes[number] = outcome, size
            self._waiting_bytes += size
            self._changed.notify()

    # --- processes ----------------------------------------------------------------------------------

    def _start(self) -> None:
        here, there = socket.socketpair()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the worker
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE.format(path=sys.path, descriptor=there.fileno(), parent=os.getpid())],
            pass_fds=[there.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,  # decoders' complaints are not for the user's terminal
            env=os.environ | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
            start_new_session=True,  # the terminal's Ctrl-C is for the parent alone
        )
        there.close()
        here.settimeout(_START_S)
        worker = _Worker(process, here, errors, time.monotonic())
        self._workers.append(worker)
        self._selector.register(here, selectors.EVENT_READ, worker)
        with contextlib.suppress(OSError):
            send_parts(here, pack(self._job))

    def _end(self, worker: _Worker) -> int:
        """End a worker with all that it started, and take back what it had not begun; gives its exit status."""
        self._workers.remove(worker)
        self._selector.unregister(worker.connection)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.process.pid, signal.SIGKILL)  # changes nothing about one that is dying already
        code = worker.process.wait()
        worker.connection.close()
        if left := deque([*(number for number, _ in worker.at), *worker.unit]):
            self._units = deque(sorted([left, *self._units], key=lambda unit: unit[0]))
        if worker.ready:
            worker.errors.close()
        return code


def _units(items: Sequence[Item]) -> Iterator[deque[int]]:
    """The numbers of the items to be read, those that one worker reads in order together."""
    readable = [number for number, item in enumerate(items) if not item.problem]
    for _, numbers in groupby(readable, key=lambda n: items[n].path if _in_sequence(items[n]) else n):
        yield deque(numbers)


def _in_sequence(item: Item) -> bool:
    return item.member is not None and item.member.in_sequence


def _weight(outcome: Outcome) -> int:
    """About how many bytes an outcome holds."""
    total = 0
    for record in outcome.reading.records if outcome.reading else ():
        total += len(record.text)
        total += record.image.pixels.nbytes if record.image is not None else 0
        total += record.signal.samples.nbytes if record.signal is not None else 0
    return total


def _last_line(errors: IO[bytes], code: int) -> str:
    with errors:
        errors.seek(0)
        lines = errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with status {code}"
