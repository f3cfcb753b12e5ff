"""What a study's file is called, and text that no document chokes on."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import quote

_LONGEST = 120  # bytes; with a suffix well below the 255 that file systems take
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_BREAKS = {"\n", "\t"}
_MODALITIES = {
    "CR": "X-ray", "DX": "X-ray", "RG": "X-ray", "MR": "MRI", "US": "ultrasound", "MG": "mammogram", "SR": "report",
    "DOC": "document",
}  # fmt: skip


def file_name(study_id: str) -> str:
    """A file name, without suffix, for any id: path separators and the like are percent-encoded, a long id is cut and
    told apart by a hash. Two ids never get the same name."""
    if _PLAIN.fullmatch(study_id) and len(study_id) <= _LONGEST:
        return study_id
    encoded = quote(study_id, safe="", errors="surrogatepass")
    encoded = f"%{ord(encoded[0]):02X}{encoded[1:]}" if encoded[:1] in (".", "-") else encoded
    if len(encoded) <= _LONGEST:
        return encoded
    digest = hashlib.blake2b(study_id.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{encoded[:_LONGEST].rstrip('%')}~{digest}"


def modality_name(code: str, kind: str) -> str:
    """A modality as a reader knows it: "report" for DICOM's SR; the code where that is the word, as of CT and ECG."""
    if code == "OT":
        return {"image": "picture", "signal": "recording"}.get(kind, "text")
    return _MODALITIES.get(code, code)


def plain(text: str) -> str:
    """Text as documents can hold and show it: characters that would be invisible, break XML or turn the direction of
    what follows become "�"; line breaks and tabs stay."""
    return "".join(_shown(character) for character in text.replace("\r\n", "\n").replace("\r", "\n"))


def _shown(character: str) -> str:
    if character in _BREAKS:
        return character
    category = unicodedata.category(character)
    unsafe = category in ("Cc", "Cs", "Co", "Cn") or (category == "Cf" and character not in "\u200c\u200d\u00ad")
    return "\ufffd" if unsafe else character
