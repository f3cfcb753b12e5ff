"""Decode with GDCM in a process of its own: on damaged data it can abort the process that called it.

The process is started at the first need and kept, since starting one costs more than decoding a picture. A request is
one line of JSON (`{"size", "frame"}`) and a DICOM file of `size` bytes; each frame is answered by one line
(`{"size"}` or `{"error"}`) and an array of that size in numpy's `.npy` format.

A process that may die itself, such as a worker of a pool, says so once (`expendable`) and decodes without a detour.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TIMEOUT_S = 60.0
MEMORY_BYTES = 3 << 30  # address space of the process: a damaged file that asks for more fails by itself
_HEADER_BYTES = 4_096
_BLOCK = 1 << 20

_lock = threading.Lock()
_server: _Server | None = None
_expendable = False


class DecoderFailed(Exception):
    """The decoder gave no picture; the text says why."""


def expendable(yes: bool = True) -> None:
    """Say that this process may die of a damaged file: GDCM then decodes in it. Called by a pool's new worker."""
    global _expendable
    _expendable = yes


def is_expendable() -> bool:
    """Whether this process may die of a damaged file."""
    return _expendable


def decode_apart(data: bytes, frame: int) -> NDArray[Any]:
    """One frame of a DICOM file by GDCM: stored values (rows, columns), or RGB (rows, columns, 3).

    Raises DecoderFailed when it can't be decoded, when the decoder dies of it, or takes longer than a minute.
    """
    global _server
    if _expendable:
        try:
            with without_stderr():
                return decode_here(data, frame)
        except Exception as error:
            raise DecoderFailed(_told(error)) from None
    with _lock:
        if _server is None or not _server.usable():
            _server = _Server()
        try:
            return _server.decode(data, frame)
        except (OSError, EOFError, ValueError):
            _server.stop()
            raise DecoderFailed("the decoder crashed on it") from None
        except _TooSlow:
            _server.stop()
            raise DecoderFailed(f"the decoder took longer than {TIMEOUT_S:.0f} s") from None


def decode_here(data: bytes, frame: int) -> NDArray[Any]:
    """As `decode_apart`, in this process, which may not survive it; raises whatever pydicom and GDCM raise."""
    from pydicom import dcmread
    from pydicom.pixels.utils import pixel_array
    from pydicom.uid import JPEGExtended12Bit

    dataset = dcmread(io.BytesIO(data), force=True)
    if dataset.file_meta.TransferSyntaxUID == JPEGExtended12Bit and int(dataset.BitsStored) > 8:
        return _twelve_bits(dataset, frame)
    found: np.ndarray[Any, Any] = pixel_array(dataset, index=frame, decoding_plugin="gdcm")
    return found


def _twelve_bits(dataset: Any, frame: int) -> NDArray[Any]:
    """JPEG Extended of 12 bits a sample, which GDCM decodes but pydicom does not ask it for."""
    import gdcm
    import numpy as np
    from pydicom.encaps import get_frame

    frames = int(dataset.get("NumberOfFrames", 1) or 1)
    source = get_frame(dataset.PixelData, frame, number_of_frames=frames)
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(source)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    picture = gdcm.Image()
    picture.SetNumberOfDimensions(2)
    picture.SetDimensions((dataset.Columns, dataset.Rows, 1))
    picture.SetDataElement(element)
    kind = gdcm.PhotometricInterpretation.GetPIType(str(dataset.PhotometricInterpretation))
    picture.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    picture.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGExtendedProcess2_4))
    signed = int(dataset.PixelRepresentation)
    picture.SetPixelFormat(gdcm.PixelFormat(1, 16, int(dataset.BitsStored), int(dataset.BitsStored) - 1, signed))
    raw = picture.GetBuffer().encode("utf-8", "surrogateescape")
    return np.frombuffer(raw, "<i2" if signed else "<u2").reshape(int(dataset.Rows), int(dataset.Columns))


class _TooSlow(Exception):
    """The process has not answered in time."""


class _Server:
    """The decoding process and the two pipes to it."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "assistant.ingest.dicom.decode_apart"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        self._owner = os.getpid()
        self._left = b""
        atexit.register(self.stop)

    def usable(self) -> bool:
        """Whether it lives and is this process's own: a fork must not talk into its parent's pipes."""
        return self._owner == os.getpid() and self._process.poll() is None

    def stop(self) -> None:
        if self._owner != os.getpid():
            return
        atexit.unregister(self.stop)
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def decode(self, data: bytes, frame: int) -> NDArray[Any]:
        import numpy as np

        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"size": len(data), "frame": frame}).encode() + b"\n")
        self._process.stdin.write(data)
        self._process.stdin.flush()
        deadline = time.monotonic() + TIMEOUT_S
        answer = json.loads(self._line(deadline))
        if "error" in answer:
            raise DecoderFailed(str(answer["error"]))
        return np.asarray(np.load(io.BytesIO(self._bytes(int(answer["size"]), deadline)), allow_pickle=False))

    def _line(self, deadline: float) -> bytes:
        while b"\n" not in self._left:
            self._left += self._some(deadline)
            if len(self._left) > _HEADER_BYTES and b"\n" not in self._left[:_HEADER_BYTES]:
                raise ValueError("no answer")
        line, _, self._left = self._left.partition(b"\n")
        return line

    def _bytes(self, size: int, deadline: float) -> bytes:
        parts, have = [self._left], len(self._left)
        while have < size:
            parts.append(self._some(deadline))
            have += len(parts[-1])
        found = b"".join(parts)
        self._left = found[size:]
        return found[:size]

    def _some(self, deadline: float) -> bytes:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise _TooSlow
        if not (found := os.read(descriptor, _BLOCK)):
            raise EOFError
        return found


@contextlib.contextmanager
def without_stderr() -> Iterator[None]:
    """GDCM's JPEG decoder writes to the terminal from C."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def _told(error: Exception) -> str:
    return " ".join(str(error).split())[: _HEADER_BYTES // 4] or type(error).__name__


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer requests until the pipe is closed."""
    import numpy as np

    while line := requests.readline():
        asked = json.loads(line)
        data = requests.read(asked["size"])
        if hasattr(signal, "alarm"):
            signal.alarm(int(TIMEOUT_S) + 5)  # ends this process, C code included, when nobody is left to do so
        try:
            buffer = io.BytesIO()
            np.save(buffer, decode_here(data, asked["frame"]), allow_pickle=False)
        except Exception as error:  # told to the parent, which lives on without the picture
            answers.write(json.dumps({"error": _told(error)}).encode() + b"\n")
        else:
            answers.write(json.dumps({"size": buffer.getbuffer().nbytes}).encode() + b"\n")
            answers.write(buffer.getbuffer())
        answers.flush()
        if hasattr(signal, "alarm"):
            signal.alarm(0)


def main() -> None:
    """The process: requests on standard input, answers on what was standard output; C code may print meanwhile."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
