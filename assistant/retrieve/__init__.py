"""Retrieval: which evidence a question gets, and when there is none."""
