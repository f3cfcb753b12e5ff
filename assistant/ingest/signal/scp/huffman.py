"""Huffman-coded samples and their differences (EN 1064, 5.5 and annex C)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from assistant.ingest.content import Content

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DEFAULT = 19999  # what section 2 states instead of a number of tables
_LONGEST_PREFIX = 16
_MAX_TABLES = 16
_SWITCH = 0  # the mode of a code that stands for another table


@dataclass(frozen=True, slots=True)
class Table:
    """Codes, and which of them begins with each 16 bits that can come (−1: none).

    `bits` counts a code with what follows it, `prefixes` without; `values` are samples, or numbers of tables where
    `switches` is set.
    """

    first_bits: NDArray[np.int32]  # (65536,)
    prefixes: NDArray[np.int64]
    bits: NDArray[np.int64]
    values: NDArray[np.int64]
    switches: NDArray[np.bool_]


def tables(file: Content, body: bytes | None) -> list[Table]:
    """The tables of section 2; none where the samples are not coded.

    Raises UnreadableFile for tables that are cut off or can't be told apart by 16 bits.
    """
    if body is None:
        return []
    if len(body) < 2:
        raise file.refuse("damaged file (section 2 is cut off)")
    (count,) = struct.unpack_from("<H", body, 0)
    if count == _DEFAULT:
        return [_default_table()]
    if count > _MAX_TABLES:
        raise file.refuse(
            "SCP-ECG compressed with {count} Huffman tables: not read ({max_tables} at most)",
            count=count,
            max_tables=_MAX_TABLES,
        )
    found, at = [], 2
    for number in range(1, count + 1):
        if at + 2 > len(body):
            raise file.refuse("damaged file (Huffman table {number} is cut off)", number=number)
        (codes,) = struct.unpack_from("<H", body, at)
        at += 2
        if at + 9 * codes > len(body):
            raise file.refuse("damaged file (Huffman table {number} is cut off)", number=number)
        entries = [struct.unpack_from("<BBBhI", body, at + 9 * i) for i in range(codes)]
        at += 9 * codes
        for prefix, total, *_ in entries:
            if not 1 <= prefix <= _LONGEST_PREFIX or not prefix <= total <= prefix + 16:
                raise file.refuse(
                    "SCP-ECG compressed with Huffman codes of {prefix} in {total} bits: not read "
                    "({longest_prefix} bits and 16 more at most)",
                    prefix=prefix,
                    total=total,
                    longest_prefix=_LONGEST_PREFIX,
                )
        # A file's own codes are stored with their first bit lowest.
        found.append(_table([(prefix, total, mode, value, _reversed(code, prefix)) for prefix, total, mode, value, code
                             in entries]))  # fmt: skip
    return found


@cache
def _default_table() -> Table:
    """0: 0; ±1 to ±8: as many ones, a zero and the sign; ten bits, then 8 or 16 bits of a value (C.3.7.6)."""
    codes = [(1, 1, 1, 0, 0)]
    for size in range(1, 9):
        ones = ((1 << size) - 1) << 2
        codes += [(size + 2, size + 2, 1, size, ones), (size + 2, size + 2, 1, -size, ones | 1)]
    return _table([*codes, (10, 18, 1, 0, 0b1111111110), (10, 26, 1, 0, 0b1111111111)])


def _reversed(code: int, bits: int) -> int:
    return int(f"{code & ((1 << bits) - 1):0{bits}b}"[::-1], 2)


def _table(codes: list[tuple[int, int, int, int, int]]) -> Table:
    first_bits = np.full(1 << _LONGEST_PREFIX, -1, dtype=np.int32)
    for number, (prefix, _, _, _, code) in enumerate(codes):
        width = _LONGEST_PREFIX - prefix
        first_bits[code << width : (code + 1) << width] = number
    columns = np.array(codes or [(0, 0, 0, 0, 0)], dtype=np.int64)
    return Table(first_bits, columns[:, 0], columns[:, 1], columns[:, 3], columns[:, 2] == _SWITCH)


def decode(file: Content, data: bytes, count: int, coded: list[Table], what: str) -> NDArray[np.int64]:
    """`count` values from a stream of bits, first bit highest, shape (count,).

    Raises UnreadableFile, naming `what`, for a stream that ends early or holds a code of no table.
    """
    bits = 8 * len(data)
    if count > bits:
        raise file.refuse(
            "damaged file ({what} would hold {count:,} samples in {data:,} bytes)",
            what=what,
            count=count,
            data=len(data),
        )
    windows = _windows(data)
    # What stands at every bit, for each table in use: the chain of codes is then only followed from one to the next.
    at_bit: dict[int, tuple[NDArray[np.int32], list[int], list[bool]]] = {}
    places: list[int] = []
    used: list[int] = []
    table, place = 0, 0
    while len(places) < count:
        if table not in at_bit:
            codes = coded[table].first_bits[windows >> 16]
            steps = np.where(codes >= 0, coded[table].bits[codes], 0)
            at_bit[table] = codes, steps.tolist(), coded[table].switches[codes].tolist()
        _, steps_, switches = at_bit[table]
        step = steps_[place] if place < bits else 0
        if step == 0 or place + step > bits:
            ends = place >= bits or step
            raise file.refuse(
                f"damaged file ({what} ends after {len(places):,} of {count:,} samples)"
                if ends
                else f"damaged file ({what} holds a code of no Huffman table)"
            )
        if switches[place]:
            number = int(coded[table].values[at_bit[table][0][place]])
            if not 1 <= number <= len(coded):
                raise file.refuse(
                    "damaged file ({what} asks for the Huffman table {number} of {count})",
                    what=what,
                    number=number,
                    count=len(coded),
                )
            table = number - 1
        else:
            places.append(place)
            used.append(table)
        place += step
    where, which = np.array(places, dtype=np.int64), np.array(used, dtype=np.int64)
    values = np.zeros(count, dtype=np.int64)
    for number, (codes, _, _) in at_bit.items():
        mine = which == number
        values[mine] = _values(coded[number], codes[where[mine]], windows[where[mine]])
    return values


def _windows(data: bytes) -> NDArray[np.int64]:
    """The 32 bits from each bit on, shape (8 × bytes,)."""
    raw = np.frombuffer(data + b"\0" * 4, dtype=np.uint8).astype(np.int64)
    count = len(data)
    forty = np.zeros(count, dtype=np.int64)
    for i in range(5):
        forty |= raw[i : i + count] << (32 - 8 * i)
    return ((forty[:, None] >> (8 - np.arange(8))) & 0xFFFFFFFF).ravel()


def _values(table: Table, codes: NDArray[np.int32], windows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The codes' own values plus the signed number that follows a code with more bits than its prefix."""
    extra = table.bits[codes] - table.prefixes[codes]
    number = (windows >> (32 - table.bits[codes])) & ((np.int64(1) << extra) - 1)
    negative = (extra > 0) & (number >> np.maximum(extra - 1, 0) > 0)
    return table.values[codes] + np.where(negative, number - (np.int64(1) << extra), number)


def undo_differences(values: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    """Samples from themselves (0), first (1) or second differences (2), in 16 bits as recorders count."""
    if order == 1:
        values = np.cumsum(values)
    elif order == 2 and len(values) > 2:
        slopes = np.cumsum(np.concatenate(([values[1] - values[0]], values[2:])))
        values = np.concatenate((values[:1], values[0] + np.cumsum(slopes)))
    return values.astype(np.int16).astype(np.int64)
