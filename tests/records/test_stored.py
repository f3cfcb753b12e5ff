"""What was written as JSON is read back as it was."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import (
    Answer,
    BoxPlace,
    Claim,
    Draft,
    Dropped,
    Evidence,
    PromptUse,
    Section,
    SignalPlace,
    TextPlace,
    ValuePlace,
    stored_answer,
    stored_draft,
)

words = st.text(max_size=12)
whole = st.integers(0, 5_000)
places = st.one_of(
    st.none(),
    st.builds(TextPlace, whole, whole, st.none() | st.integers(1, 9)),
    st.builds(BoxPlace, st.tuples(whole, whole, whole, whole), st.integers(0, 3)),
    st.builds(SignalPlace, words, st.floats(0, 9), st.floats(0, 9)),
    st.builds(ValuePlace, words, st.floats(-9, 900), words),
)
pieces = st.builds(
    Evidence, id=words, record_id=words, kind=st.sampled_from(("image", "signal", "text")), modality=words,
    relation=st.sampled_from(("own", "similar", "knowledge")), text=words, place=places,
    score=st.integers(0, 1_000).map(lambda n: n / 1_000), kept=st.booleans(), why=words,
    patient_id=st.none() | words, labels=st.dictionaries(words, words, max_size=2), title=st.none() | words,
    section=st.none() | words, taken_at=st.none() | st.datetimes(min_value=datetime(1900, 1, 1)),
)  # fmt: skip
claims = st.builds(
    Claim, text=words, about=st.sampled_from(("patient", "similar", "general")),
    verdict=st.sampled_from(("supported", "contradicted", "unsupported")), error_kind=st.none() | st.just("number"),
    citations=st.lists(words, max_size=2).map(tuple), score=st.integers(0, 100).map(lambda n: n / 100), why=words,
    written=st.none() | st.lists(words, max_size=2).map(tuple),
)  # fmt: skip


@given(pieces, claims, st.lists(words, max_size=2).map(tuple))
def test_a_draft_and_an_answer_come_back_as_they_were(piece, claim, some):
    draft = Draft("s", (Section("FINDINGS", (claim, claim)),), (piece,), some, "quote", "draft@1", "ECG", "draft-ecg")
    assert stored_draft(json.loads(json.dumps(draft.to_json()))) == draft
    answer = Answer(
        "Why?", (claim,), (piece,), True, "nothing", "quote", None, some, {"total": 1.25}, "Why then?", "direct",
        PromptUse(9, (Dropped("turn 1", "budget"),)), some, some, "cut off",
    )  # fmt: skip
    assert stored_answer(json.loads(json.dumps(answer.to_json()))) == answer
    removed = replace(answer, removed=(claim,))
    assert stored_answer(removed.to_json()) == answer


def test_what_is_no_draft_is_refused():
    with pytest.raises(KeyError):
        stored_draft({"study_id": "s", "sections": [{"name": "FINDINGS"}], "evidence": []})
