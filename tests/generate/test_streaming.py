import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.findings import sentence_spans
from assistant.generate.streaming import stream_sentences

TEXTS = [
    "A nodule of 1.5 mm, e.g. in the apex, is seen. No effusion. The heart is normal",
    "FINDINGS:\nThe lungs are clear.\n\nIMPRESSION:\n1. No acute disease.\n2. Old rib fracture.",
    "Dr. Smith saw it at 3.20 p.m. today. QTc 0.42 s, i.e. normal. Nothing else was found!",
    "In the most similar study: “The heart is large. No effusion is seen.” That is all there is to say.",
    "One",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("size", [1, 2, 5, 17, 1000])
def test_cuts_are_those_of_the_whole_text_whatever_the_tokens(text, size):
    tokens = (text[i : i + size] for i in range(0, len(text), size))
    assert list(stream_sentences(tokens)) == [text[start:end] for start, end in sentence_spans(text)]


PIECES = [
    "The heart is normal", "no effusion", "e.g.", "1.5 mm", "Dr. Smith", ". ", ".", "\n", "\n\n", "? ", "! ", "[E1]",
    " [E2]", "(E3)", "“", "”", ": ", "1. ", "- ", "IMPRESSION:", "hepatitis B.", " ", ", ", "opacity " * 80,
]  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.integers(1, 40), min_size=1, max_size=20),
)
def test_where_tokens_end_changes_no_sentence(text, sizes):
    tokens, at = [], 0
    while at < len(text):
        size = sizes[len(tokens) % len(sizes)]
        tokens.append(text[at : at + size])
        at += size
    assert list(stream_sentences(tokens)) == list(stream_sentences([text]))


def test_a_sentence_is_given_before_the_stream_ends():
    arrived = []

    def tokens():
        for token in ("No effusion", " is seen.", " The heart", " is of normal", " size.", " Bones", " intact."):
            arrived.append(token)
            yield token

    first = next(stream_sentences(tokens()))
    assert first == "No effusion is seen."
    assert arrived[-1] != " intact."


@pytest.mark.parametrize("size", [1, 3, 8, 1000])
def test_a_citation_behind_the_full_stop_belongs_to_the_sentence_before_it(size):
    text = "Clear lungs. [E1, E2] The heart is large [E3]. [E4] says more about it. Done. [E5]"
    tokens = (text[i : i + size] for i in range(0, len(text), size))
    assert list(stream_sentences(tokens)) == [
        "Clear lungs. [E1, E2]", "The heart is large [E3].", "[E4] says more about it.", "Done. [E5]",
    ]  # fmt: skip


def test_a_text_without_full_stops_is_not_cut_at_every_token(monkeypatch):
    """Thousands of words on end: each is looked at a few times, and the sentences are the same."""
    from assistant.generate import streaming

    looked_at = 0
    cut = streaming._take_complete

    def counting(buffer):
        nonlocal looked_at
        looked_at += len(buffer)
        return cut(buffer)

    monkeypatch.setattr(streaming, "_take_complete", counting)
    text = "opacity " * 4_000 + "ends here. The heart is normal. No effusion."
    tokens = [text[i : i + 8] for i in range(0, len(text), 8)]
    assert list(stream_sentences(tokens)) == [text[start:end] for start, end in sentence_spans(text)]
    assert looked_at < 25 * len(text)  # looked at with every token it is 94 times
