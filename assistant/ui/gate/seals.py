"""Addresses under which the page's own scripts fetch what a record holds: pixels, an ECG, a text.

An address carries a seal over record and visitor: only what the page itself showed a visitor can be fetched, and by
that visitor alone. Seals end with the server.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlencode

from fastapi import HTTPException

from assistant.ui.gate.visitor import visitor

PREFIX = "/wr/view"
_KEY = secrets.token_bytes(32)


def address(record_id: str, what: str, **query: str | int | float) -> str:
    """Where a script of the visitor's page fetches `what` ("pixels", "ecg.svg") of a record."""
    tail = f"?{urlencode(query)}" if query else ""
    return f"{PREFIX}/{record_id}/{_seal(record_id)}/{what}{tail}"


def admit(record_id: str, seal: str) -> None:
    """HTTPException 404 unless `address` gave this seal to this visitor."""
    if not hmac.compare_digest(seal.encode(), _seal(record_id).encode()):
        raise HTTPException(404, "no such view: open the evidence again")


def sealed(record_id: str) -> str:
    """A second record as another one's address names it (`other=…`)."""
    return f"{record_id}/{_seal(record_id)}"


def admit_sealed(text: str) -> str:
    """The record id of `sealed`; HTTPException 404 for anything that it did not give to this visitor."""
    record_id, _, seal = text.rpartition("/")
    admit(record_id, seal)
    return record_id


def _seal(record_id: str) -> str:
    site, name = visitor().key
    message = f"{site}\n{name or ''}\n{record_id}".encode()
    return hmac.new(_KEY, message, hashlib.sha256).hexdigest()[:32]
