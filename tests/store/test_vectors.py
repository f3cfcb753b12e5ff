"""Vector indexes: the same answers under filters, after changes and from the disk, whatever the structure."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.errors import DamagedIndex
from assistant.settings import StoreSettings
from assistant.store.vectors import FaissIndex, load_vectors, write_vectors
from assistant.store.vectors.choose import MOST_GONE, ORDER, choose, measure, queries_like
from assistant.store.vectors.gpu import gpus

STRUCTURES = ("exact", "hnsw", "ivf", "sq8", "pq")
NUMBER, DIM = 6_000, 32


def clustered(n: int, dim: int = DIM, seed: int = 0) -> np.ndarray:
    """Unit vectors around 60 centres, with a spectrum that decays."""
    random = np.random.default_rng(seed)
    axes = 1 / np.sqrt(1 + np.arange(dim))
    centres = np.random.default_rng(99).normal(size=(60, dim)) * axes
    made = centres[random.integers(0, 60, n)] + 0.5 * random.normal(size=(n, dim)) * axes
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def of(name: str, vectors: np.ndarray, keys: np.ndarray) -> FaissIndex:
    index = FaissIndex.empty(vectors.shape[1])
    index.add(keys, vectors)
    choose(index, StoreSettings(vectors=name))
    return index


def by_hand(keys, vectors, query, k, allowed=None, excluded=None):
    """The k best keys and scores by numpy."""
    may = np.isin(keys, allowed) if allowed is not None else np.ones(len(keys), bool)
    may &= ~np.isin(keys, excluded) if excluded is not None else True
    scores = vectors[may] @ query
    order = np.argsort(-scores)[:k]
    return keys[may][order], scores[order]


@pytest.fixture(scope="module")
def vectors():
    return clustered(NUMBER)


@pytest.fixture(scope="module")
def keys():
    return np.arange(10, 10 + 3 * NUMBER, 3)


@pytest.fixture(scope="module", params=STRUCTURES)
def saved(request, vectors, keys, tmp_path_factory):
    """Every structure, written to the disk and opened from it."""
    folder = tmp_path_factory.mktemp(request.param) / "text"
    of(request.param, vectors, keys).save(folder)
    return load_vectors(folder)


def test_a_structure_finds_what_the_scan_finds_and_says_so(saved):
    found = measure(saved, queries_like(saved.rows, saved.live_positions(), seed=7))
    assert saved.choice.recall >= 0.98
    assert found.recall >= 0.97, saved.choice
    assert saved.choice.setting == saved.choice.structure


def test_scores_are_exact_cosines_best_first(saved, vectors, keys):
    queries = clustered(20, seed=5)
    scores, found = saved.search(queries, 10)
    assert scores.shape == found.shape == (20, 10)
    assert (np.diff(scores, axis=1) <= 1e-6).all()
    true = np.einsum("qkd,qd->qk", vectors[np.searchsorted(keys, found)], queries)
    np.testing.assert_allclose(scores, true, atol=1e-5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_filter_holds_inside_the_search_and_never_costs_results(saved, vectors, keys, data):
    random = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    query = vectors[random.integers(NUMBER)] + 0.3 * random.normal(size=DIM).astype(np.float32)
    k = data.draw(st.sampled_from([1, 10, 100]))
    share = data.draw(st.sampled_from([0.0, 0.0005, 0.01, 0.3, 0.6, 0.9]))
    allowed = excluded = None
    if data.draw(st.booleans()):
        near = np.argsort(-vectors @ query)
        farthest = data.draw(st.booleans())  # the worst case for a graph: all that is allowed lies far away
        allowed = keys[near[::-1][: int(share * NUMBER)] if farthest else random.random(NUMBER) < share]
        allowed = np.concatenate([allowed, [1, 2]])  # keys that are not there do no harm
    if data.draw(st.booleans()):
        excluded = np.concatenate([keys[random.random(NUMBER) < share], [5]])
    _, found = saved.search(query[None], k, allowed=allowed, excluded=excluded)
    wanted, _ = by_hand(keys, vectors, query, k, allowed, excluded)
    there = found[0][found[0] >= 0]
    assert len(there) == len(wanted)
    assert len(set(there.tolist())) == len(there)
    assert allowed is None or np.isin(there, allowed).all()
    assert excluded is None or not np.isin(there, excluded).any()
    assert (found[0][len(there) :] == -1).all()


def test_the_node_where_a_walk_begins_is_filtered_too(vectors, keys):
    index = of("hnsw", vectors, keys)
    first = index.structure.index.hnsw.entry_point
    beginning = keys[first : first + 1]
    assert index.search(vectors[first : first + 1], 10)[1][0, 0] == beginning[0]
    found = index.search(vectors, 10, excluded=beginning)[1]
    assert not np.isin(found, beginning).any()
    assert (found >= 0).all()


@pytest.mark.parametrize("allowed_share", [0.4, 0.05])
def test_recall_holds_under_a_filter(saved, vectors, keys, allowed_share):
    random = np.random.default_rng(3)
    allowed = keys[random.random(NUMBER) < allowed_share]
    queries = clustered(100, seed=6)
    _, found = saved.search(queries, 10, allowed=allowed)
    wanted = [by_hand(keys, vectors, query, 10, allowed)[0] for query in queries]
    hits = [len(set(row) & set(best)) for row, best in zip(found, wanted, strict=True)]
    assert np.mean(hits) / 10 >= 0.95


@pytest.mark.parametrize("name", STRUCTURES)
def test_adding_and_removing_go_on_from_the_last_generation(name, vectors, keys, tmp_path):
    settings = StoreSettings(vectors=name)
    staged = [(int(key), vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)]
    write_vectors(tmp_path / "1", None, keys[:5000], staged[:5000], settings)
    live = np.concatenate([keys[400:5000], keys[5000:]])  # 400 go, 1,000 come
    choice = write_vectors(tmp_path / "2", tmp_path / "1", live, staged[5000:], settings)
    index = load_vectors(tmp_path / "2")
    assert len(index) == len(live)
    np.testing.assert_array_equal(np.sort(index.ids), live)
    np.testing.assert_array_equal(index.vectors(live), vectors[400:])
    assert name == "exact" or choice.why.startswith("grown from the one built for 5000 vectors")
    found = measure(index, queries_like(index.rows, index.live_positions(), seed=8))
    assert found.recall >= 0.97
    gone = index.search(vectors[:400], 1)[1]
    assert not np.isin(gone, keys[:400]).any()
    with pytest.raises(KeyError):
        index.vector(int(keys[0]))


@pytest.mark.parametrize("name", STRUCTURES)
def test_of_a_removed_vector_no_copy_is_left(name, vectors, keys, tmp_path):
    index = of(name, vectors, keys)
    index.remove(keys[::50])
    index.save(tmp_path / "text")
    left = FaissIndex.load(tmp_path / "text").rows
    kept = np.ones(NUMBER, bool)
    kept[::50] = False
    nearest = (left @ vectors[::50].T).max(axis=0)
    among_others = (vectors[kept] @ vectors[::50].T).max(axis=0)
    assert (nearest <= np.maximum(among_others, 0.999) + 1e-5).all()


def test_beyond_a_share_of_removed_rows_a_graph_is_built_anew(vectors, keys, tmp_path):
    settings = StoreSettings(vectors="hnsw")
    staged = [(int(key), vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)]
    write_vectors(tmp_path / "1", None, keys, staged, settings)
    live = keys[int((MOST_GONE + 0.05) * NUMBER) :]
    choice = write_vectors(tmp_path / "2", tmp_path / "1", live, [], settings)
    index = FaissIndex.load(tmp_path / "2")
    assert choice.vectors == len(live) == len(index.rows)
    assert index.gone_share == 0


def test_auto_scans_a_small_index_and_writes_down_why(vectors, keys, tmp_path):
    staged = [(int(key), vector.tobytes()) for key, vector in zip(keys, vectors, strict=True)]
    choice = write_vectors(tmp_path / "v", None, keys, staged, StoreSettings())
    assert choice.structure == "exact"
    assert "fewer than 20000 vectors" in choice.why
    assert json.loads((tmp_path / "v" / "choice.json").read_text())["why"] == choice.why
    assert not (tmp_path / "v" / "search.faiss").exists()


def test_auto_tries_the_structures_on_their_own_vectors_and_says_what_each_gave():
    many = clustered(30_000, 64)
    index = FaissIndex.empty(64)
    index.add(np.arange(30_000), many)
    choice = choose(index, StoreSettings(exact_below=10_000))
    last = choice.tried[-1]  # which is quicker at this size depends on the machine
    assert all(tried.structure == name for tried, name in zip(choice.tried, ORDER, strict=False))
    assert all(t.query_ms > 0 and t.bytes_per_vector > 20 for t in choice.tried)
    if choice.structure == "exact":
        assert len(choice.tried) == len(ORDER) and "was quicker" in choice.why
    else:
        assert choice.structure == last.structure and last.recall >= 0.98
    tight = choose(index, StoreSettings(exact_below=10_000, vectors_memory_mb=1))
    assert {t.structure for t in tight.tried} <= {"ivf", "pq"}  # only codes fit in 35 bytes a vector
    nothing = choose(index, StoreSettings(exact_below=10_000, vectors_memory_mb=1, vectors_recall=1.0))
    short = nothing.structure == "exact"  # whether codes reach a recall of 1.0, and in time, depends on the machine
    assert ("no structure reached 1.0" in nothing.why) if short else nothing.tried[-1].recall == 1.0


@pytest.mark.parametrize(
    ("times", "taken"),
    [
        ({"exact": 1.0, "ivf": 0.2}, "ivf"),
        ({"exact": 1.0, "ivf": 1.5, "hnsw": 0.3}, "hnsw"),
        ({"exact": 1.0, "ivf": 1.5, "hnsw": 1.0, "sq8": 0.9}, "sq8"),
        ({"exact": 0.1, "ivf": 0.2, "hnsw": 0.2, "sq8": 0.2, "pq": 0.2}, "exact"),
    ],
)
def test_auto_takes_the_first_structure_that_reaches_the_recall_and_is_quicker(
    times, taken, vectors, keys, monkeypatch
):
    """The recalls are measured, the times are given: which is quicker is otherwise the machine's to say."""

    def given(index, probes):
        return times[index.structure.name if index.structure else "exact"]

    monkeypatch.setattr("assistant.store.vectors.choose._query_ms", given)
    index = FaissIndex.empty(DIM)
    index.add(keys, vectors)
    choice = choose(index, StoreSettings(exact_below=1_000))
    assert choice.structure == taken, choice.why
    assert [t.structure for t in choice.tried] == [name for name in ORDER if name in times]
    assert (choice.recall >= 0.98) and ("was quicker" in choice.why) == (taken == "exact")
    assert all(t.recall >= 0.98 for t in choice.tried)
    assert (index.structure.name if index.structure else "exact") == taken


def test_no_vector_left_leaves_no_folder(vectors, keys, tmp_path):
    assert write_vectors(tmp_path / "v", None, np.empty(0, np.int64), [], StoreSettings()) is None
    assert load_vectors(tmp_path / "v") is None


@pytest.mark.parametrize("name", ["vectors.faiss", "keys.npy", "choice.json", "search.faiss"])
def test_a_damaged_file_is_named(name, vectors, keys, tmp_path):
    of("hnsw", vectors, keys).save(tmp_path / "v")
    (tmp_path / "v" / name).write_bytes(b"nonsense")
    with pytest.raises(DamagedIndex, match=name):
        load_vectors(tmp_path / "v")


def test_an_index_open_for_searching_refuses_to_be_changed(saved, keys):
    with pytest.raises(TypeError, match="mapped=False"):
        saved.add(np.array([1]), np.ones((1, DIM), np.float32))
    with pytest.raises(TypeError, match="mapped=False"):
        saved.remove(keys[:1])


@pytest.mark.skipif(not gpus(), reason="no GPU that FAISS can use: pip install faiss-gpu on a machine with one")
def test_the_exact_scan_runs_on_the_gpu(vectors, keys, tmp_path):
    of("exact", vectors, keys).save(tmp_path / "v")
    index = load_vectors(tmp_path / "v")
    assert index._gpu is not None
    queries = clustered(50, seed=11)
    wanted = [by_hand(keys, vectors, query, 10)[0].tolist() for query in queries]
    assert index.search(queries, 10)[1].tolist() == wanted
