"""Decode with GDCM in a process of its own: on damaged data it can abort the process that called it.

`python -m assistant.ingest.dicom.decode_apart FRAME` reads a DICOM file from standard input and writes the frame to
standard output in numpy's `.npy` format.
"""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TIMEOUT_S = 60.0


class DecoderFailed(Exception):
    """The decoder gave no picture; the text says why."""


def decode_apart(data: bytes, frame: int) -> NDArray[Any]:
    """One frame of a DICOM file by GDCM: stored values (rows, columns), or RGB (rows, columns, 3).

    Raises DecoderFailed when it can't be decoded, when the decoder dies of it, or takes longer than a minute.
    """
    import numpy as np

    command = [sys.executable, "-m", "assistant.ingest.dicom.decode_apart", str(frame)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        raise DecoderFailed(f"the decoder took longer than {TIMEOUT_S:.0f} s") from None
    if done.returncode < 0:
        raise DecoderFailed("the decoder crashed on it")
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise DecoderFailed(lines[-1] if lines else "the decoder gave up")
    return np.asarray(np.load(io.BytesIO(done.stdout), allow_pickle=False))


def main() -> None:
    """The child: one frame from standard input to standard output."""
    import numpy as np
    from pydicom import dcmread
    from pydicom.pixels.utils import pixel_array

    dataset = dcmread(io.BytesIO(sys.stdin.buffer.read()), force=True)
    pixels: np.ndarray[Any, Any] = pixel_array(dataset, index=int(sys.argv[1]), decoding_plugin="gdcm")
    buffer = io.BytesIO()
    np.save(buffer, pixels, allow_pickle=False)
    sys.stdout.buffer.write(buffer.getvalue())


if __name__ == "__main__":
    try:
        main()
    except Exception as error:  # the parent reads the last line
        sys.exit(" ".join(str(error).split()) or type(error).__name__)
