"""The standard tests of the package langchain-tests, synchronous and asynchronous, none left out."""

import pytest
from langchain_tests.integration_tests import (
    EmbeddingsIntegrationTests,
    RetrieversIntegrationTests,
    VectorStoreIntegrationTests,
)
from langchain_tests.unit_tests import EmbeddingsUnitTests

from assistant.langchain import WardroundEmbeddings, WardroundRetriever, WardroundVectorStore

EFFUSIONS = [
    "Large right pleural effusion with compressive atelectasis of the lower lobe.",
    "A pleural effusion in heart failure is treated with diuretics first.",
    "Thoracentesis of a pleural effusion tells a transudate from an exudate.",
    "An empyema is a pleural effusion with pus, and has to be drained.",
    "Malignant pleural effusion: pleurodesis prevents that it comes back.",
]


@pytest.fixture(scope="module")
def effusions(tmp_path_factory):
    """A workspace with some texts about pleural effusion, for tests that only read."""
    workspace = tmp_path_factory.mktemp("effusions")
    WardroundVectorStore("texts", workspace=workspace).add_texts(EFFUSIONS)
    return workspace


class TestRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _archive(self, effusions):
        self.workspace = effusions

    @property
    def retriever_constructor(self):
        return WardroundRetriever

    @property
    def retriever_constructor_params(self):
        return {"where": str(self.workspace)}

    @property
    def retriever_query_example(self):
        return "pleural effusion"


class TestEmbeddingsUnit(EmbeddingsUnitTests):
    @property
    def embeddings_class(self):
        return WardroundEmbeddings

    @property
    def embedding_model_params(self):
        return {"model": "minilm-int8"}

    @property
    def init_from_env_params(self):
        return {"WARDROUND_EMBED__TEXT": "minilm"}, {}, {"model": "minilm"}


class TestEmbeddingsIntegration(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self):
        return WardroundEmbeddings


class TestVectorStore(VectorStoreIntegrationTests):
    """With the default encoder and not langchain-tests' stand-in: an index is searched by Wardround's own encoders."""

    @pytest.fixture
    def vectorstore(self, tmp_path):
        return WardroundVectorStore("standard", workspace=tmp_path)
