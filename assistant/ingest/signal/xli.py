"""XLI, the compression of leads in Philips ECG XML.

A lead is a chunk: four bytes of length, two unused, two of a start value (little-endian), then an LZW stream of
10-bit codes. It unpacks to the high bytes and then the low bytes of 16-bit words: two samples, then the negative
second differences, each 64 too large and one word late. As described by C. Watford, sierra-ecg-tools (MIT),
https://github.com/sixlettervariables/sierra-ecg-tools
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

from assistant.ingest.content import Content

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CODE_BITS = 10
_MAX_CODE = (1 << _CODE_BITS) - 2
_LITERALS = 256
_BIAS = 64


def decode(file: Content, data: bytes, leads: int, samples: int) -> list[NDArray[np.int64]]:
    """The first `leads` leads of `data`, each of shape (samples,), in stored units.

    Carts may store more channels than they recorded, which are left out. Raises UnreadableFile for data that ends
    early, for an LZW code that can't be, and for a lead that unpacks to fewer or far more samples than `samples`.
    """
    found: list[NDArray[np.int64]] = []
    offset = 0
    while len(found) < leads:
        what = f"compressed lead {len(found) + 1}"
        if offset + 8 > len(data):
            raise file.refuse(
                "damaged file ({count} of {leads} compressed leads are there)", count=len(found), leads=leads
            )
        size, _, start = struct.unpack_from("<iHh", data, offset)
        offset += 8
        if size <= 0 or offset + size > len(data):
            raise file.refuse("damaged file ({what} is cut off)", what=what)
        unpacked = _lzw(file, data[offset : offset + size], what, 2 * samples)
        offset += size
        values = _samples(unpacked, start)
        if len(values) < samples:
            raise file.refuse(
                "damaged file ({what} holds {count} of {samples} samples)",
                what=what,
                count=len(values),
                samples=samples,
            )
        found.append(values[:samples])
    return found


def _lzw(file: Content, data: bytes, what: str, expected: int) -> bytes:
    """LZW with codes of a fixed width, first bit highest; the dictionary stays as it is once it is full."""
    strings = [bytes((i,)) for i in range(_LITERALS)]
    out = bytearray()
    previous = b""
    held, bits = 0, 0
    for byte in data:
        held, bits = (held << 8 | byte) & 0xFFFFF, bits + 8
        if bits < _CODE_BITS:
            continue
        bits -= _CODE_BITS
        code = held >> bits & (1 << _CODE_BITS) - 1
        if code > _MAX_CODE:
            break
        if code < len(strings):
            entry = strings[code]
        elif code == len(strings) and previous:
            entry = previous + previous[:1]
        else:
            raise file.refuse("damaged file ({what} holds a code that it has not defined)", what=what)
        out += entry
        if len(out) > 2 * expected + 64:
            raise file.refuse(
                "damaged file ({what} unpacks to more than the {expected} samples it states)",
                what=what,
                expected=expected // 2,
            )
        if previous and len(strings) <= _MAX_CODE:
            strings.append(previous + entry[:1])
        previous = entry
    return bytes(out)


def _samples(unpacked: bytes, start: int) -> NDArray[np.int64]:
    """Samples from the unpacked bytes: x[n] = 2 x[n-1] − x[n-2] − c[n-1], wrapped to 16 bits as in the cart."""
    if len(unpacked) % 2:
        unpacked += b"\0"
    half = len(unpacked) // 2
    raw = np.frombuffer(unpacked, dtype=np.uint8)
    words = (raw[:half].astype(np.uint16) << 8 | raw[half:]).view(np.int16).astype(np.int64)
    if len(words) < 3:
        return words
    bends = np.concatenate(([start], words[2:-1] - _BIAS))
    slopes = words[1] - words[0] - np.cumsum(bends)
    wrapped = np.concatenate((words[:2], words[1] + np.cumsum(slopes))).astype(np.int16)
    return wrapped.astype(np.int64)
