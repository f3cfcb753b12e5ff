"""Passages of any text: offsets that give it back, nothing lost, nothing twice, sentences whole."""

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.findings import sentence_spans
from assistant.ingest.text.passages import cut

WORDS = st.one_of(
    st.sampled_from(
        ["The", "heart", "is", "2.3", "cm", "e.g.", "Dr.", "No", "effusion.", "z.B.", "1.", "-", "“quoted.", "end”",
         "a.", "Why?", "5 mg", "心影不大。", "Größe", "III.", "vs.", "p.m.", "\n", "\n\n", "\t", "\u00a0",
         "(see",
         "Fig.", "2)."]
    ),
    st.text(max_size=12),
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=120).map(" ".join)


def size(text):
    return len(text.split()) + sum("\u3041" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" for c in text) // 2


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(1, 40))
def test_passages_give_the_text_back(text, words):
    passages = cut(text, words)
    ends = [0, *(p.end for p in passages)]
    assert all(end <= p.start < p.end for end, p in zip(ends, passages, strict=False))
    assert all(text[p.start : p.end] == text[p.start : p.end].strip() != "" for p in passages)
    inside = [False] * len(text)
    for p in passages:
        inside[p.start : p.end] = [True] * (p.end - p.start)
    assert [c for c, kept in zip(text, inside, strict=True) if not kept and not c.isspace()] == []


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.integers(1, 40))
def test_a_sentence_is_cut_only_if_it_is_longer_than_two_passages(text, words):
    passages = cut(text, words)
    for start, end in sentence_spans(text):
        if size(text[start:end]) <= 2 * words:
            assert any(p.start <= start and end <= p.end for p in passages), text[start:end]


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=5), st.integers(1, 40))
def test_a_passage_lies_in_one_stretch_and_bears_its_name(parts, words):
    text, stretches = "", []
    for number, part in enumerate(parts):
        stretches.append((len(text), len(text) + len(part), f"S{number}", number + 1))
        text += part + "\n"
    for p in cut(text, words, stretches):
        ((start, end),) = [(s, e) for s, e, name, page in stretches if (name, page) == (p.section, p.page)]
        assert start <= p.start < p.end <= end


def test_chinese_is_cut_at_its_full_stops():
    text = "双肺纹理清晰。心影大小正常。" * 40
    passages = cut(text, 50)
    assert all(text[p.start : p.end].endswith("。") and p.end - p.start < 160 for p in passages)
    assert "".join(text[p.start : p.end] for p in passages) == text
