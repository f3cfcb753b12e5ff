"""Wardround's parts as LangChain components: `from assistant.langchain import WardroundRetriever`.

Nothing else of Wardround imports this room, so LangChain is loaded only where its components are asked for.
"""

from assistant.langchain.embeddings import WardroundEmbeddings
from assistant.langchain.query import MultimodalQuery, SearchOptions
from assistant.langchain.retriever import WardroundRetriever
from assistant.langchain.vectorstore import WardroundVectorStore

__all__ = ["MultimodalQuery", "SearchOptions", "WardroundEmbeddings", "WardroundRetriever", "WardroundVectorStore"]
