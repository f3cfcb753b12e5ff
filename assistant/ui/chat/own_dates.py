"""What is said of a visitor's own uploads, with the dates that stand in the files.

A conversation holds the moved dates, in memory and in the database. They are put right as the page is drawn, from the
files in play; where these went with an earlier visit the moved ones stay, marked as that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from assistant.checking import DATES_MOVED
from assistant.ingest.deid.own_dates import in_files_time, with_own_dates
from assistant.records import Claim, Evidence, Record
from assistant.ui.chat.conversation import Conversation, Turn
from assistant.wording import left_out


class OwnDates:
    """The uploads of a conversation, by record id, for what is said of them."""

    def __init__(self, conversation: Conversation) -> None:
        uploads = (*conversation.former, *conversation.uploads)
        self._records = {record.record_id: record for upload in uploads for record in upload.records}

    def of_claim(self, claim: Claim, known: Mapping[str, Evidence]) -> Claim:
        """A claim as the page shows it."""
        if not claim.dates_moved:
            return claim
        cited = (known[key] for key in claim.citations if key in known)
        said = self._said(claim.text, {piece.record_id for piece in cited if piece.dates_moved})
        return claim if said is None else replace(claim, text=said, dates_moved=False)

    def of_evidence(self, piece: Evidence) -> Evidence:
        """A piece of evidence as a list shows it."""
        said = self._said(piece.text, {piece.record_id}) if piece.dates_moved else None
        return piece if said is None else replace(piece, text=said, dates_moved=False)

    def understood(self, turn: Turn) -> str:
        """What a turn's question was read as."""
        read = turn.search.query if turn.search else ""
        dated = [record for record in self._records.values() if record.own_dates]
        if read == in_files_time(turn.question, dated):
            return turn.question
        return read if not dated or (said := with_own_dates(read, dated)) is None else said

    def note(self, turn: Turn) -> str:
        """What is told of a turn as a whole."""
        known = turn.evidence()
        if any(self.of_claim(claim, known).dates_moved for claim in turn.claims):
            return turn.note
        return left_out(turn.note, DATES_MOVED)

    def _said(self, text: str, record_ids: Collection[str]) -> str | None:
        records: list[Record] = [self._records[key] for key in record_ids if key in self._records]
        if not records or len(records) < len(record_ids):
            return None
        return with_own_dates(text, records)
