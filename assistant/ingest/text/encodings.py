"""Bytes as text: which encoding they are in, told by the bytes themselves."""

from __future__ import annotations

import codecs
import re
import unicodedata

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 20_000  # bytes from which an encoding is told
_CONTROL = bytes(code for code in (*range(32), 127) if chr(code) not in "\t\n\r\f\x0b")
_ASCII = bytes(range(128))
# One byte a character, mostly ASCII: West and Central European. The first of equals wins, so the usual ones lead.
_EUROPEAN = ("cp1252", "cp1250", "iso8859_2", "mac_roman", "cp850", "cp437")
# Scripts in which most letters lie beyond ASCII; charset-normalizer tells them apart.
_OTHER_SCRIPTS = [
    "gb18030", "big5", "cp932", "euc_jp", "euc_kr", "cp1251", "koi8_r", "iso8859_5", "cp1253", "iso8859_7", "cp1255",
    "cp1256",
]  # fmt: skip
_WESTERN = frozenset("äöüßéèêëàâáçñóòôõíìîïúùûåæøœãýÿ")
_CENTRAL = frozenset("ąćęłńśźżčďěňřšťůžőűľĺŕăîșțđ")
_SIGNS = frozenset("°µ²³±×·–—‘’‚“”„«»…•€£§®©ºª½¼¾¹´`˚¿¡\u00a0≤≥÷™→")
_APOSTROPHES = frozenset("’´`")
_KANA = re.compile(r"[\u3041-\u30ff]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_SCORED = 200_000  # characters


def decode(data: bytes) -> str | None:
    """Bytes as text with newlines as `\\n`, or None if they are no text.

    UTF-8, UTF-16 and UTF-32 are told by their byte-order mark or, without one, by their validity and zero bytes.
    What is no valid UTF-8 is Windows-1252, Windows-1250, ISO 8859-2, Mac Roman or a DOS code page (850, 437),
    whichever gives letters where letters belong; where most letters lie beyond ASCII, charset-normalizer chooses
    (Chinese, Japanese, Korean, Cyrillic, Greek, Hebrew, Arabic). Text with control characters is binary.
    """
    encoding = encoding_of(data)
    if encoding is None:
        return None
    text = data.decode(encoding, "replace" if encoding == "utf-8" else "strict")
    return clean(text) if _printable(text) else None


def clean(text: str) -> str:
    """A text that any store can hold: newlines as `\\n`, no zero bytes, no halves of surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")
    return text.encode("utf-8", "replace").decode("utf-8")


def encoding_of(data: bytes) -> str | None:
    """The name of the codec that decodes all of `data`, None where it is no text.

    "utf-8" also stands for UTF-8 with a few damaged bytes or cut off in a character: decode it with "replace".
    """
    marked = next((name for mark, name in _BOMS if data.startswith(mark)), None) or _by_zero_bytes(data)
    if marked is not None:
        return marked if _decodes(data, marked) else None
    sample = data[:_SAMPLE]
    if len(sample.translate(None, _CONTROL)) < 0.998 * len(sample):
        return None
    if _is_utf8(data):
        return "utf-8"
    high = len(sample.translate(None, _ASCII))
    letters = high + sum(map(sample.count, b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    if high > 0.4 * letters and (name := _other_script(data)) is not None:
        return name
    return _european(data)


def _by_zero_bytes(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: most of its characters below U+0100 leave zeros at fixed places."""
    sample = data[: 2000 if len(data) >= 2000 else len(data) // 4 * 4 or len(data)]
    if len(sample) >= 8:
        zeros = [sample[i::4].count(0) / (len(sample) // 4) for i in range(4)]
        if min(zeros[1:]) > 0.9 and zeros[0] < 0.05:
            return "utf-32-le"
        if min(zeros[:3]) > 0.9 and zeros[3] < 0.05:
            return "utf-32-be"
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    if odd > 0.4 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 * half and odd < 0.05 * half else None


def _is_utf8(data: bytes) -> bool:
    """Valid UTF-8, but for a cut at its end or damage to less than one in ten of its longer characters."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
        return True
    except UnicodeDecodeError:
        pass
    text = data[:1_000_000].decode("utf-8", "replace")
    damaged = text.count("�")
    longer = sum(c > "\x7f" for c in text) - damaged
    return longer > 10 * damaged


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
        return True
    except UnicodeDecodeError:
        return False


def _other_script(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    sample = data[:_SAMPLE]
    for name in ("cp932", "euc_jp"):
        text = sample.decode(name, "ignore")
        if len(_KANA.findall(text)) > 0.2 * len(_BEYOND_ASCII.findall(text)) and _decodes(data, name):
            return name
    best = from_bytes(sample, cp_isolation=_OTHER_SCRIPTS, threshold=0.3).best()
    return best.encoding if best is not None and _decodes(data, best.encoding) else None


def _european(data: bytes) -> str:
    """The first of the most plausible code pages; Latin-1, which has a character for every byte, if none fits."""
    best, name = -float("inf"), "latin-1"
    for candidate in _EUROPEAN:
        try:
            score = _plausibility(data.decode(candidate)[:_SCORED])
        except UnicodeDecodeError:
            continue
        if score > best:
            best, name = score, candidate
    return name


def _plausibility(text: str) -> float:
    """How well the characters beyond ASCII fit: accented letters within words best, signs only between words."""
    score = 0.0
    for match in _BEYOND_ASCII.finditer(text):
        character, at = match.group(), match.start()
        before, after, small = text[at - 1 : at], text[at + 1 : at + 2], character.lower()
        in_word = before.isalpha() and after.isalpha()
        if small in _WESTERN or small in _CENTRAL:
            lonely = not before.isalpha() and not after.isalpha()
            odd = lonely or (character != small and before.islower())
            score += -1 if odd else (1 if small in _WESTERN else 0.7)
        elif character in _APOSTROPHES and in_word:
            score += 1.5
        elif character in _SIGNS:
            score += -3 if in_word else 0.8
        else:
            score -= 3 if in_word else 1
    return score


def _printable(text: str) -> bool:
    sample = text[:_SAMPLE]
    if sample.isascii():
        raw = sample.encode("ascii")
        return len(raw) - len(raw.translate(None, _CONTROL)) <= 0.002 * len(raw)
    control = sum(unicodedata.category(c) in ("Cc", "Cn", "Co") and c not in "\t\n\r\f\x0b" for c in sample)
    return control <= 0.002 * len(sample)
