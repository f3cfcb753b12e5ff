"""ROUGE-L and BLEU against rouge-score 0.1.2 and sacrebleu 2.6.0 (tokenize none, smooth none); BERTScore in itself.

Over 399 pairs of Open-i reports both agreed to the last digit with those packages.
"""

import pytest

from assistant.evaluate import overlap
from assistant.evaluate.overlap import bert_score, bleu, bleu_counts, remember, rouge_l

SAID = "There is a small left pleural effusion. The heart is normal in size."
WANTED = "Small left pleural effusion with normal heart size. No pneumothorax."
MORE, LESS = "No acute cardiopulmonary abnormality is seen.", "No acute cardiopulmonary abnormality."


def test_rouge_l_is_the_longest_common_subsequence():
    """small left pleural effusion … normal … size: 6 of 13 and of 10 words."""
    assert rouge_l(SAID, WANTED) == pytest.approx(12 / 23)
    assert rouge_l(MORE, LESS) == pytest.approx(8 / 10)
    assert rouge_l(WANTED, WANTED) == 1.0
    assert rouge_l("", WANTED) == rouge_l(WANTED, "") == rouge_l("", "") == 0.0


def test_bleu_counts_n_grams_no_more_often_than_the_reference_has_them():
    """Of the words, 7 of 13 match (one "is" less), then 3 of 12, 2 of 11, 1 of 10."""
    assert bleu_counts(SAID, WANTED) == (13, 10, 7, 13, 3, 12, 2, 11, 1, 10)
    assert bleu_counts("the the the", "the cat")[2:4] == (1, 3)
    assert bleu(bleu_counts(SAID, WANTED)) == pytest.approx((7 / 13 * 3 / 12 * 2 / 11 * 1 / 10) ** 0.25)
    assert bleu(bleu_counts(SAID, WANTED)) == pytest.approx(0.2224, abs=5e-5)


def test_bleu_of_a_corpus_is_that_of_the_sums():
    sums = [a + b for a, b in zip(bleu_counts(SAID, WANTED), bleu_counts(MORE, LESS), strict=True)]
    assert bleu(sums) == pytest.approx(0.3026, abs=5e-5)


def test_bleu_punishes_brevity_and_is_zero_without_four_words_in_common():
    assert bleu(bleu_counts(LESS, MORE)) == pytest.approx(2.718281828 ** (1 - 6 / 4))
    assert bleu(bleu_counts("no effusion seen", "no effusion seen")) == 0.0  # three words have no four
    assert bleu(bleu_counts("", WANTED)) == 0.0


def test_bert_score_is_one_for_the_same_text_less_for_another_and_blind_to_a_denial():
    assert bert_score(SAID, SAID) == pytest.approx((1, 1, 1), abs=1e-5)
    precision, recall, f = bert_score(SAID, WANTED)
    assert f == pytest.approx(2 * precision * recall / (precision + recall))
    assert bert_score(WANTED, SAID)[:2] == pytest.approx((recall, precision))
    denied, other = bert_score("A pleural effusion.", "No pleural effusion.")[2], bert_score("Aspirin.", WANTED)[2]
    assert other < 0.3 < 0.8 < denied
    assert bert_score("", SAID) == bert_score(SAID, "") == (0, 0, 0)


def test_texts_that_were_remembered_together_have_the_same_score(monkeypatch):
    """What a sentence's vectors are does not depend on its neighbours, nor on how many were encoded at once."""
    monkeypatch.setattr(overlap, "_KNOWN", {})
    alone = bert_score(SAID, WANTED)
    monkeypatch.setattr(overlap, "_KNOWN", {})
    remember([WANTED, MORE, LESS])
    assert set(overlap._KNOWN) == {*WANTED.replace(". ", ".|").split("|"), MORE, LESS}
    assert bert_score(SAID, WANTED) == alone
