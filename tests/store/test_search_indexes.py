import numpy as np
import pytest

from assistant.store.vectors import FaissIndex, load_vectors
from assistant.store.words import K1, B, WordIndex, query_terms, query_words


def test_nearest_vectors_come_first_and_filters_hold_inside_the_search(tmp_path):
    index = FaissIndex.empty(3)
    vectors = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    index.add(np.array([10, 20, 30, 40]), vectors)
    query = np.array([[1, 0, 0]], np.float32)
    scores, ids = index.search(query, 2)
    assert ids.tolist() == [[10, 20]]
    np.testing.assert_allclose(scores, [[1.0, 0.8]], atol=1e-6)
    assert index.search(query, 2, excluded=np.array([10]))[1].tolist() == [[20, 30]]
    assert index.search(query, 3, allowed=np.array([30, 10]))[1].tolist() == [[10, 30, -1]]
    assert index.search(query, 1, allowed=np.array([30, 10]), excluded=np.array([10]))[1].tolist() == [[30]]
    assert index.search(query, 9, allowed=np.array([], np.int64))[1].tolist() == [[-1] * 4]

    index.remove(np.array([20]))
    index.save(tmp_path / "v")
    again = load_vectors(tmp_path / "v")
    assert sorted(again.ids.tolist()) == [10, 30, 40]
    np.testing.assert_array_equal(again.vector(40), [0, 0, 1])


def test_words_find_stems_and_the_rarer_word_counts_more(tmp_path):
    texts = ["a large pleural effusion", "pleural thickening", "pleural plaques", "the heart is normal"]
    WordIndex.build([1, 2, 3, 4], texts).save(tmp_path / "words")
    words = WordIndex.load(tmp_path / "words")
    scores, ids = words.search("pleural effusions", 10)
    assert ids[0] == 1
    assert set(ids.tolist()) == {1, 2, 3}
    assert scores[0] > scores[1]
    assert words.search("pleural effusions", 10, excluded=np.array([1]))[1].tolist() == [2, 3]
    assert words.search("pleural", 10, allowed=np.array([3]))[1].tolist() == [3]
    assert len(words.search("zygote", 10)[1]) == 0
    assert len(words.search("", 10)[1]) == 0


def test_texts_without_words_give_no_word_index():
    assert WordIndex.build([1, 2], ["", "the of"]) is None


def test_words_may_be_weighted_and_passages_asked_for_what_they_hold():
    texts = ["a large pleural effusion", "pleural thickening", "an effusion of the knee, an effusion", "normal"]
    words = WordIndex.build([4, 3, 2, 1], texts)
    keys = np.array([4, 2, 3, 9])
    plain = words.scored("pleural effusions")
    best, found = plain.best(10)
    assert found[0] == 4 and set(found.tolist()) == {4, 3, 2}
    np.testing.assert_allclose(plain.of(found), best)
    assert plain.of(keys)[3] == 0
    assert plain.hold_all(keys).tolist() == [True, False, False, False]
    assert not words.scored("pleural zygote").hold_all(keys).any()  # no passage holds the other word
    assert not words.scored("").hold_all(keys).any()
    doubled = words.scored({"pleural": 2.0, "effus": 1.0})
    np.testing.assert_allclose(doubled.of(keys[2:3]), 2 * plain.of(keys[2:3]))
    assert doubled.best(10, allowed=np.array([2, 3, 77]), excluded=np.array([2]))[1].tolist() == [3]
    assert doubled.best(10, excluded=np.array([4]))[1].tolist() == [3, 2]


def test_bm25_is_that_of_bm25s_over_all_texts_at_once():
    import bm25s
    import Stemmer

    random = np.random.default_rng(0)
    names = ["effusion", "effusions", "heart", "hearts", "normal", "clear", "lungs", "lung", "no", "the", "fracture"]
    texts = [" ".join(random.choice(names, random.integers(1, 30))) for _ in range(300)]
    plain = bm25s.BM25(k1=K1, b=B)
    plain.index(bm25s.tokenize(texts, stopwords="en", stemmer=Stemmer.Stemmer("english"), show_progress=False))
    ours = WordIndex.build(range(300), iter(texts))
    for query in ("effusion", "normal heart and clear lungs", "fracture fracture"):
        tokens = bm25s.tokenize(query, stopwords="en", stemmer=Stemmer.Stemmer("english"), return_ids=False)
        best, found = ours.search(query, 300)
        wanted = plain.get_scores(tokens[0])
        np.testing.assert_allclose(best, np.sort(wanted)[::-1][: len(best)], rtol=1e-5)
        np.testing.assert_allclose(wanted[found], best, rtol=1e-5)


def test_what_a_ranking_asks_of_the_words(tmp_path):
    """Leads, weights and shares, after a round trip: the weight is the logarithm of a word's rarity."""
    texts = ["Effusion on the right", "it is large", "clear lungs", "effusion"]
    WordIndex.build([5, 6, 8, 9], texts, [5, 5, 8, 9]).save(tmp_path / "words")
    words = WordIndex.load(tmp_path / "words")
    assert words.leads(np.array([6, 9, 5, 77])).tolist() == [5, 9, 5, 77]
    effusion, lung, unknown = words.weights(["effus", "lung", "hernia"])
    assert effusion == pytest.approx(np.log(1 + (4 - 2 + 0.5) / (2 + 0.5)))
    assert (lung, unknown) == (words.greatest_weight, 0.0)
    shares = words.shares(np.array([9, 8, 77]), ["effus", "lung", "hernia"])
    assert (shares > 0).tolist() == [[True, False, False], [False, True, False], [False, False, False]]
    scores = words.scored("effusion lung").of(np.array([9, 8, 77]))
    np.testing.assert_allclose(shares @ [effusion, lung, unknown], scores, rtol=1e-5)


def test_a_questions_words_are_those_of_bm25s_tokenizer():
    import bm25s
    import Stemmer

    for text in (
        "What is the role of Nfat and miR-25 in heart failure?",
        "",
        "Ödeme, naïve  I V6 the of",
        "x-rays' 12",
    ):
        theirs = bm25s.tokenize(text, stopwords="en", stemmer=Stemmer.Stemmer("english"), return_ids=False)[0]
        assert query_words(text) == set(theirs)
        assert sum(query_terms(text).values()) == len(theirs)
