"""The small library of the search tests, for the questions that are asked of it."""

from tests.retrieve.conftest import embedder, retriever, store

__all__ = ["embedder", "retriever", "store"]
