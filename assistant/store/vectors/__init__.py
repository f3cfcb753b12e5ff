"""Vector indexes: one interface, FAISS behind it, ids being the catalogue's primary keys."""

from assistant.store.vectors.faiss_index import FaissIndex
from assistant.store.vectors.interface import Choice, Tried, VectorIndex
from assistant.store.vectors.write import load_vectors, write_vectors

__all__ = ["Choice", "FaissIndex", "Tried", "VectorIndex", "load_vectors", "write_vectors"]
