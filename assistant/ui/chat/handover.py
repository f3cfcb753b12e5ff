"""What another page hands over to the chat: a question, the studies it is about, a patient.

It waits on the server for the visitor who pressed the link; the address holds nothing of it, so that neither the
browser's history nor a log does.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.errors import WardroundError
from assistant.ui.gate.visitor import visitor

if TYPE_CHECKING:
    from assistant.assistant import Assistant

MOST = 5_000  # links that wait; the oldest go first


@dataclass(frozen=True, slots=True)
class Handed:
    """`ask_now` puts the question at once, else it waits in the box. Studies and the patient are pseudonyms."""

    question: str = ""
    studies: frozenset[str] = frozenset()
    patient: str | None = None
    ask_now: bool = False


_waiting: OrderedDict[str, tuple[tuple[str, str | None], Handed]] = OrderedDict()
_lock = threading.Lock()


def chat_address(
    question: str = "", studies: Collection[str] = (), patient: str | None = None, ask_now: bool = False
) -> str:
    """Where the visitor's chat opens with a new conversation about these: a link's `href`.

    It can be followed by this visitor alone, again and again while the server runs.
    """
    key = secrets.token_urlsafe(12)
    with _lock:
        _waiting[key] = (visitor().key, Handed(question, frozenset(studies), patient, ask_now))
        while len(_waiting) > MOST:
            _waiting.popitem(last=False)
    return f"/?from={key}"


def address_of_records(assistant: Assistant, record_ids: Collection[str], question: str = "") -> str:
    """As `chat_address`, about the studies that these records belong to. Raises WardroundError for an unknown one."""
    studies = {assistant.record(record_id, logged=False).study_id for record_id in record_ids}
    if None in studies:
        raise WardroundError("a record without a study can't be asked about alone: ask about its patient instead")
    return chat_address(question, frozenset(study for study in studies if study))


def taken(key: str) -> Handed | None:
    """What waits behind an address, if it was made for this visitor."""
    with _lock:
        whose, handed = _waiting.get(key, (None, None))
    return handed if whose == visitor().key else None
