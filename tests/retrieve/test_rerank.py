"""Reranking: MaxSim by hand, names that are refused, and a real cross-encoder and multi-vector model made here."""

import numpy as np
import pytest

from assistant.errors import MissingExtra, RecipeError, WeightsMissing
from assistant.retrieve import rerank as reranking
from assistant.retrieve.rerank import max_sim, open_reranker, rerank
from assistant.settings import EmbedSettings

SETTINGS = EmbedSettings(fetch_weights=False)
TORCH = "needs torch and sentence-transformers 6: pip install 'wardround[models]'"


def test_max_sim_is_the_mean_of_each_words_best_match():
    question = np.array([[1, 0], [0, 1]], np.float32)
    passage = np.array([[1, 0], [0.6, 0.8]], np.float32)
    assert max_sim(question, passage) == pytest.approx((1.0 + 0.8) / 2)
    assert max_sim(question, question) == pytest.approx(1.0)
    assert max_sim(question, np.empty((0, 2), np.float32)) == -1.0


def test_the_first_are_ordered_anew_and_the_rest_stays():
    class Longest:
        name = "the longest first"

        def score(self, question, passages):
            return np.array([len(passage) for passage in passages], np.float32)

    texts = {7: "a", 3: "abc", 9: "ab", 5: "abcdef"}
    order, scores = rerank("?", [7, 3, 9, 5], [texts[n] for n in (7, 3, 9)], Longest())
    assert order == [3, 9, 7, 5]
    assert scores == {7: 1.0, 3: 3.0, 9: 2.0}


@pytest.mark.parametrize("name", ["", "cross-encoder", "cross-encoder:", "colbert:x", "minilm"])
def test_an_unknown_reranker_is_refused_by_name(name):
    with pytest.raises(RecipeError, match="use none, cross-encoder:<name or folder>"):
        open_reranker(name, SETTINGS)


def test_none_is_none():
    assert open_reranker("none", SETTINGS) is None


def test_a_missing_library_is_named_with_the_way_to_it(monkeypatch):
    monkeypatch.setattr(reranking, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'wardround\[models\]'"):
        open_reranker("cross-encoder:nowhere", EmbedSettings(fetch_weights=False, threads=1))


def test_late_interaction_over_the_packaged_encoder_prefers_the_passage_that_answers():
    reranker = open_reranker("late-interaction:minilm-int8", EmbedSettings())
    scores = reranker.score(
        "treatment of whooping cough",
        ["The lungs are clear.", "Whooping cough is treated with antibiotics.", "Fractures of the wrist are common."],
    )
    assert scores.argmax() == 1
    assert np.all((scores > -1) & (scores <= 1))
    assert len(reranker.score("anything", [])) == 0


def test_a_search_reads_the_first_once_more_and_says_so(chest_workspace):
    from assistant.assistant import Assistant
    from assistant.settings import RetrieveSettings, Settings

    settings = Settings(retrieve=RetrieveSettings(reranker="late-interaction:minilm-int8", rerank_first=2))
    found = Assistant.open(chest_workspace, settings=settings).search("haemorrhage or pleural effusion")
    told = [e.why for e in found.evidence if e.kind == "text"]
    assert sum("read once more" in why for why in told) == 2
    scores = [e.score for e in found.evidence]
    assert scores == sorted(scores, reverse=True)
    assert any(line.startswith("text: also searched for") and "effusion" in line for line in found.route)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """A tiny BERT of random weights with its tokenizer: the folder, and what to build models from it with."""
    pytest.importorskip("torch", reason=TORCH)
    pytest.importorskip("sentence_transformers", minversion="6.0", reason=TORCH)
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "effusion", "lungs", "clear", "fracture", "is", "there", "?"]
    (folder / "vocab.txt").write_text("\n".join(words))
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_cross_encoder_is_read_from_its_folder(bert, tmp_path):
    from sentence_transformers import CrossEncoder

    CrossEncoder(str(bert), device="cpu").save_pretrained(str(tmp_path / "cross"))
    reranker = open_reranker(f"cross-encoder:{tmp_path / 'cross'}", SETTINGS)
    passages = ["lungs clear", "effusion", "fracture"]
    scores = reranker.score("is there effusion ?", passages)
    assert scores.shape == (3,)
    one_by_one = [float(reranker.score("is there effusion ?", [passage])[0]) for passage in passages]
    np.testing.assert_allclose(scores, one_by_one, atol=1e-5)


def test_a_multi_vector_model_is_read_from_its_folder(bert, tmp_path):
    from sentence_transformers import MultiVectorEncoder

    MultiVectorEncoder(str(bert), device="cpu").save_pretrained(str(tmp_path / "late"))
    reranker = open_reranker(f"late-interaction:{tmp_path / 'late'}", SETTINGS)
    scores = reranker.score("is there effusion ?", ["lungs clear", "is there effusion ?"])
    assert scores.shape == (2,)
    assert scores.argmax() == 1  # each word finds itself


def test_a_model_that_is_nowhere_is_named(bert):
    with pytest.raises(WeightsMissing, match="neither a folder that sentence-transformers saved"):
        open_reranker("cross-encoder:nobody/has-this-model", SETTINGS)
