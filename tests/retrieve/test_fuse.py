"""Fusion of meaning and words: the weight follows the question, and odd indexes do not upset it."""

import numpy as np
import pytest

from assistant.retrieve.fuse import Candidates, features, fuse, fusion
from assistant.retrieve.gather import Source, gather
from assistant.retrieve.rank import by_document
from assistant.store.vectors.faiss_index import FaissIndex
from assistant.store.words import WordIndex, query_terms


def unit(*rows):
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def index(texts, vectors, leads=None):
    """An index in memory with keys 1, 2, 3 …"""
    keys = np.arange(1, len(texts) + 1)
    dense = FaissIndex.empty(vectors.shape[1])
    dense.add(keys, vectors)
    return dense, WordIndex.build(keys, texts, leads)


def gathered(question, vector, *indexes, k=10):
    sources = []
    for n, (dense, words) in enumerate(indexes):
        scores, keys = dense.search(vector[None], k)
        sources.append(Source(dense, words, vector, (scores[0], keys[0]), encoder=f"encoder {n % 2}"))
    terms = query_terms(question)
    return gather(sources, list(terms), terms, k)


def best(found):
    scores, weight = fuse(found.found, fusion())
    return [int(found.keys[n]) for n in by_document(found, scores, 3)], scores, weight


def test_a_rare_word_decides_where_meaning_sees_no_difference():
    texts = ["the patient has a mass", "the patient has a pheochromocytoma", "the patient has a cough"]
    dense, words = index(texts, unit([1, 0.1, 0], [1, 0.1, 0], [1, 0.1, 0]))
    order, scores, _ = best(gathered("pheochromocytoma", unit([1, 0, 0])[0], (dense, words)))
    assert order[0] == 2
    assert scores.max() == pytest.approx(float(1 / np.sqrt(1.01)), abs=1e-3)  # the best score is the best cosine


def test_meaning_decides_where_every_passage_holds_the_words():
    texts = ["asthma symptoms asthma symptoms", "asthma symptoms", "asthma symptoms and asthma"]
    dense, words = index(texts, unit([0.6, 0.8, 0], [1, 0.1, 0], [0.5, 0.8, 0]))
    order, _, weight = best(gathered("asthma symptoms", unit([1, 0, 0])[0], (dense, words)))
    assert order[0] == 2
    assert weight < 0.3


def test_words_weigh_less_the_more_of_the_question_the_best_passage_holds():
    model = fusion()
    weights = [model.words_weight(coverage, 0.7) for coverage in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    assert weights == sorted(weights, reverse=True)
    assert model.words_weight(0.2, 0.7) > 2 * model.words_weight(0.8, 0.7)
    extremes = [model.words_weight(c, s) for c in (0.0, 1.0, 50.0) for s in (-1.0, 0.0, 1.0)]
    assert min(extremes) >= model.least > 0
    assert max(extremes) <= model.most


def test_a_fixed_weight_is_kept():
    dense, words = index(["effusion", "cough"], unit([1, 0], [0, 1]))
    found = gathered("effusion", unit([1, 1])[0], (dense, words))
    assert fuse(found.found, fusion(), 0.0)[1] == 0.0
    assert fuse(found.found, fusion(), 2.5)[1] == 2.5


def test_a_document_is_found_by_what_its_first_passage_is_about():
    """The passage that answers says "it"; that of another document is as near to the question."""
    texts = ["Melioidosis is an infection", "it is treated with drugs", "Gout is a disease", "it is treated with drugs"]
    vectors = unit([1, 0, 0, 0.2], [0.3, 0.3, 1, 0], [0, 1, 0, 0.2], [0.3, 0.3, 1, 0])
    dense, words = index(texts, vectors, leads=[1, 1, 3, 3])
    found = gathered("treatment of melioidosis", unit([1, 0.2, 1.5, 0])[0], (dense, words))
    assert found.leads.tolist() == [1, 1, 3, 3]
    _, scores, _ = best(found)
    assert scores[1] > scores[3]


def test_a_question_without_a_known_word_goes_by_meaning_alone():
    dense, words = index(["effusion on the left", "cough and fever"], unit([1, 0], [0, 1]))
    found = gathered("¿qué es la hipertensión?", unit([0.1, 1])[0], (dense, words))
    order, scores, _ = best(found)
    assert order == [2, 1]
    assert features(found.found)[0] == 0.0
    assert np.isfinite(scores).all()


def test_an_index_without_words_and_one_of_a_single_passage():
    dense, words = index(["the of and"], unit([1, 0]))
    assert words is None
    order, scores, _ = best(gathered("effusion", unit([1, 0.2])[0], (dense, words)))
    assert order == [1]
    assert scores[0] == pytest.approx(float(1 / np.sqrt(1.04)), abs=1e-5)


def test_several_indexes_with_different_encoders_are_ranked_together():
    one = index(["effusion on the left", "fracture"], unit([1, 0], [0, 1]))
    other = index(["effusion, large", "cough", "fever"], unit([1, 0.1], [0, 1], [0.1, 1]))
    found = gathered("effusion", unit([1, 0])[0], one, other)
    order, scores, _ = best(found)
    first = [(int(found.source[n]), int(found.keys[n])) for n in by_document(found, scores, 3)[:2]]
    assert sorted(first) == [(0, 1), (1, 1)]
    assert len(order) == 5


def test_nothing_found_is_nothing_ranked():
    empty = Candidates(*(np.empty(0) for _ in range(3)), np.empty((0, 1)), np.empty((0, 1)), [])
    scores, weight = fuse(empty, fusion())
    assert len(scores) == 0
    assert weight == 0.0


def test_a_document_gives_no_more_than_so_many_of_its_passages():
    dense, words = index(
        [f"effusion {n}" for n in range(6)], unit(*[[1, n / 10] for n in range(6)]), [1, 1, 1, 1, 5, 6]
    )
    found = gathered("effusion", unit([1, 0])[0], (dense, words))
    scores, _ = fuse(found.found, fusion())
    taken = [int(found.leads[n]) for n in by_document(found, scores, 2)]
    assert sorted(taken) == [1, 1, 5, 6]
