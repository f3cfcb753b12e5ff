"""A large JPEG 2000 picture at a fraction of its size, for a first look: its wavelets hold one, at a tenth of the cost.

The low-pass band after n steps (ISO/IEC 15444-1 Annex F) has the sides of the picture divided by 2ⁿ, rounded up, and
its sample (x, y) lies where the picture's pixel (2ⁿ x, 2ⁿ y) does. OpenJPEG gives it through Pillow.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from assistant.ingest.dicom.decode import frame_bytes
from assistant.ingest.dicom.header import Header, value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALL = 1_000_000  # pixels; what is no larger is quick enough as it is
MOST_HALVINGS = 5  # as many as encoders make by default
_GREY = ("MONOCHROME1", "MONOCHROME2")


def coarse_values(header: Header, frame: int, halvings: int) -> NDArray[Any] | None:
    """Stored values of a grey frame whose sides are halved so many times, rounded up: (rows, columns).

    None where there is no cheap way to them, or where a picture between its pixels would mean nothing (values that
    stand for colours).
    """
    import numpy as np
    from pydicom.pixels.utils import get_j2k_parameters
    from pydicom.uid import JPEG2000TransferSyntaxes

    dataset = header.dataset
    if dataset.file_meta.TransferSyntaxUID not in JPEG2000TransferSyntaxes or halvings < 1:
        return None
    grey = value(dataset, "PhotometricInterpretation") in _GREY and int(dataset.get("SamplesPerPixel", 1)) == 1
    if not grey or value(dataset, "PixelPresentation") in ("COLOR", "MIXED"):
        return None
    try:
        stream = frame_bytes(header, frame)
        stated = get_j2k_parameters(stream)
        bits, signed = int(stated["precision"]), bool(stated["is_signed"])
        if bits > 16 or signed != bool(dataset.PixelRepresentation):
            return None
        found = _low_pass(stream, halvings)
    except Exception:  # damaged, or in a way that Pillow does not know: the whole picture says what is wrong
        return None
    widest = 16 if found.dtype == np.uint16 else 8
    values = found.astype(np.int32) >> (widest - bits)  # Pillow fills its bits from the top
    return (values - (1 << bits - 1)).astype(np.int16) if signed else values.astype(found.dtype)


def _low_pass(stream: bytes, halvings: int) -> NDArray[np.unsignedinteger[Any]]:
    import numpy as np
    from PIL import Image as Pillow

    with Pillow.open(io.BytesIO(stream), formats=("JPEG2000",)) as picture:
        each = 1 << halvings
        sides = tuple(-(-side // each) for side in picture.size)
        picture._size = (sides[0] * each, sides[1] * each)  # Pillow rounds to the nearest, JPEG 2000 up
        picture.reduce = halvings  # type: ignore[assignment,method-assign]
        found = np.asarray(picture)
    if found.shape != sides[::-1] or found.dtype not in (np.uint8, np.uint16):
        raise ValueError(f"no grey picture of {sides}: {found.dtype} {found.shape}")
    return found
