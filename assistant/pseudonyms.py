"""Pseudonyms: keyed hashes that stand for patients, studies and files everywhere outside the archive.

The key lies in the workspace (`.keys/pseudonym.key`, readable by its owner alone), outside the indexes. Without
it a pseudonym can't be traced back, and the same id of two workspaces gives two pseudonyms.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import threading
from pathlib import Path
from uuid import UUID

from assistant.errors import WardroundError

KEY_BYTES = 32
MAX_SHIFT_DAYS = 365
_PATIENT = re.compile(r"P-[A-Z2-7]{12}")


class Pseudonyms:
    """Turns the archive's own ids into pseudonyms, e.g. `P-7Q2MK5XHDA4T`.

    `namespace` keeps the patients of unrelated sources apart: patient "1" of one data set is not patient "1"
    of another. The sources of one hospital share a namespace, so that a patient's history holds together.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, workspace: Path) -> Pseudonyms:
        """The workspace's key, made at first use.

        Raises WardroundError if the key file is damaged: with another key every pseudonym would change.
        """
        path = workspace / ".keys" / "pseudonym.key"
        if not path.exists():
            _create_once(path)
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise WardroundError(
                f"{path}: the pseudonym key has {len(key)} bytes instead of {KEY_BYTES}; restore it from a backup, "
                "or remove it and the built indexes and build them again"
            )
        return cls(key)

    @classmethod
    def to_show(cls, workspace: Path) -> Pseudonyms:
        """The workspace's pseudonyms if it has a key; else passing ones, so that looking at a file makes no key."""
        return cls.of(workspace) if (workspace / ".keys").exists() else cls(secrets.token_bytes(KEY_BYTES))

    def patient(self, own_id: str, namespace: str) -> str:
        return "P-" + self._digest("patient", namespace, own_id.strip())

    def person(self, own_id: str) -> str:
        """Of a patient whatever the namespace; stands in no index, only among the forgotten."""
        return "X-" + self._digest("person", own_id.strip())

    def name(self, word: str) -> str:
        """Of one word of a person's name; stands in memory only, to tell whom a question names."""
        return "N-" + self._digest("name", word)

    def stated(self, kind: str, value: str) -> str:
        """Of what a file states of its patient's identity; stands in memory only, to tell two patients apart."""
        return "T-" + self._digest("stated", kind, value)

    def study(self, own_id: str, namespace: str) -> str:
        return "S-" + self._digest("study", namespace, own_id.strip())

    def record(self, index: str, item_key: str, part: str) -> str:
        return "r" + self._digest("record", index, f"{item_key}\0{part}").lower()

    def item(self, index: str, item_key: str) -> str:
        return "f" + self._digest("item", index, item_key).lower()

    def part(self, part: str) -> str:
        return "part-" + self._digest("part", part).lower()

    def uid(self, uid: str) -> str:
        """A DICOM UID in the place of another: 2.25 and a UUID (PS3.5 B.2) of the keyed hash."""
        digest = hashlib.blake2b(f"uid\0{uid}".encode(), key=self._key, digest_size=16).digest()
        return f"2.25.{UUID(bytes=digest, version=4).int}"

    def shift_days(self, own_id: str) -> int:
        """By how many days the dates of a patient (or of a study without one) are moved: 1 to 365, into the past.

        It hangs on the archive's own id alone, so that an upload and every index agree and intervals stay.
        """
        digest = hashlib.blake2b(f"shift\0{own_id.strip()}".encode(), key=self._key, digest_size=8).digest()
        return -1 - int.from_bytes(digest) % MAX_SHIFT_DAYS

    def sealed(self, shift_days: int, record_id: str) -> int:
        """A record's shift as it may be stored: without the key it is a number like any other."""
        return shift_days + MAX_SHIFT_DAYS ^ self._mask(record_id)

    def unsealed(self, sealed: int, record_id: str) -> int | None:
        """The shift that `sealed` made that number of; None where it was sealed with another key."""
        shift_days = (sealed ^ self._mask(record_id)) - MAX_SHIFT_DAYS
        return shift_days if -MAX_SHIFT_DAYS <= shift_days < 0 else None

    def _mask(self, record_id: str) -> int:
        digest = hashlib.blake2b(f"seal\0{record_id}".encode(), key=self._key, digest_size=4).digest()
        return int.from_bytes(digest)

    def _digest(self, *parts: str) -> str:
        digest = hashlib.blake2b("\0".join(parts).encode(), key=self._key, digest_size=10).digest()
        return base64.b32encode(digest).decode()[:12]


def is_patient_pseudonym(name: str) -> bool:
    """Whether a name has the form of a patient's pseudonym."""
    return _PATIENT.fullmatch(name) is not None


def _create_once(path: Path) -> None:
    """Write a new key so that of two processes or threads that try at once both end up with the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)  # fails if another process was first; its key then stands
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
