"""The doctor's recall: what is as near as the nearest counts, copies included."""

import numpy as np

from assistant.store.doctor import _recall


def test_copies_at_one_distance_are_as_good_as_each_other():
    random = np.random.default_rng(0)
    matrix = random.normal(size=(60, 8)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1)[:, None]
    matrix[10:30] = matrix[10]  # twenty copies, of which a search returns any ten
    ids, probes = random.permutation(1000)[:60], np.arange(60)
    likeness = matrix @ matrix.T
    nearest = ids[np.argsort(-likeness, axis=1)[:, :10]]
    others = ids[np.argsort(-likeness - 1e-9 * random.random((60, 60)), axis=1)[:, :10]]
    assert not np.array_equal(nearest, others)
    assert _recall(nearest, matrix, ids, probes) == _recall(others, matrix, ids, probes) == 1.0
    missing = nearest.copy()
    missing[:, :5] = -1
    assert _recall(missing, matrix, ids, probes) == 0.5
    assert _recall(ids[np.argsort(likeness, axis=1)[:, :10]], matrix, ids, probes) == 0.0
