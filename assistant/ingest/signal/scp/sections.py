"""The frame of an SCP-ECG record: section 0 points to the others, each with its checksum (EN 1064, 5.2 and 5.3)."""

from __future__ import annotations

import binascii
import struct

from assistant.ingest.content import Content

_HEADER = 16  # checksum, number, length, two versions, six reserved bytes
_RECORD_HEADER = 6  # checksum and length of the whole record
_LAST_OF_STANDARD = 12


def looks_like(data: bytes) -> bool:
    """Whether bytes open as an SCP-ECG record: section 0 first, and its first pointer is to itself, at byte 7."""
    if len(data) < _RECORD_HEADER + _HEADER + 10:
        return False
    number, length = struct.unpack_from("<HI", data, 8)
    pointer, own, index = struct.unpack_from("<HII", data, 22)
    return bool((number, pointer, index) == (0, 0, 7) and length == own and length >= 26 and length % 10 == 6)


def sections(file: Content) -> dict[int, bytes]:
    """The bodies of the sections by number, empty ones left out.

    Raises UnreadableFile for a record that is cut off, sections outside it or on top of each other, and a checksum
    that does not match.
    """
    data = file.data
    if len(data) < _RECORD_HEADER + _HEADER:
        raise file.refuse("damaged file (an SCP-ECG record of {count} bytes)", count=len(data))
    checksum, size = struct.unpack_from("<HI", data, 0)
    if size > len(data):
        raise file.refuse(
            "damaged file (cut off: {count:,} of {size:,} bytes of the SCP-ECG record are there)",
            count=len(data),
            size=size,
        )
    (length,) = struct.unpack_from("<I", data, 10)
    if length < _HEADER or _RECORD_HEADER + length > size:
        raise file.refuse("damaged file (the table of sections would be {length:,} bytes long)", length=length)
    ranges = {0: (_RECORD_HEADER, length)}
    for at in range(_RECORD_HEADER + _HEADER, _RECORD_HEADER + length - 9, 10):
        number, length_, index = struct.unpack_from("<HII", data, at)
        if number == 0 or length_ == 0:
            continue
        if number in ranges:
            raise file.refuse("damaged file (two sections {number})", number=number)
        ranges[number] = (index - 1, length_)
    end = 0
    for number, (begin, length_) in sorted(ranges.items(), key=lambda item: item[1]):
        if length_ < _HEADER or begin < 0 or begin + length_ > size:
            raise file.refuse(
                "damaged file (section {number}, {length:,} bytes at {begin:,}, lies outside the file)",
                number=number,
                length=length_,
                begin=begin,
            )
        if begin < end:
            raise file.refuse("damaged file (section {number} lies on top of another)", number=number)
        end = begin + length_
    if binascii.crc_hqx(data[2:size], 0xFFFF) != checksum:
        raise file.refuse("damaged file (the checksum of the SCP-ECG record does not match)")
    return {number: _body(file, number, *place) for number, place in ranges.items()}


def _body(file: Content, number: int, begin: int, length: int) -> bytes:
    section = file.data[begin : begin + length]
    if number > _LAST_OF_STANDARD:  # a manufacturer's own
        return section[_HEADER:]
    checksum, own_number, own_length = struct.unpack_from("<HHI", section, 0)
    if own_number != number or own_length != length:
        raise file.refuse(
            "damaged file (section {number} calls itself {own_number}, of {own_length:,} bytes)",
            number=number,
            own_number=own_number,
            own_length=own_length,
        )
    if binascii.crc_hqx(section[2:], 0xFFFF) != checksum:
        raise file.refuse("damaged file (the checksum of section {number} does not match)", number=number)
    return section[_HEADER:]
