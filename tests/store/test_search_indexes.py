import numpy as np

from assistant.store.vectors import FaissIndex, load_vectors
from assistant.store.words import WordIndex


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
