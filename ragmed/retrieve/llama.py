"""RagMed's search as LlamaIndex parts, and back.

Laws of this room: a node carries the chunk's own text and offsets, untouched, so that whatever LlamaIndex does with it
can be traced to its page; nodes that the search did not find are never added.
"""

from __future__ import annotations

from typing import Any

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode
from pydantic import Field

from ragmed.interfaces import Retriever
from ragmed.records import Filters, Passage

COVERAGE = "coverage"
"""Metadata key of how sure the search is that the library covers the question, [0, 1]; the same on all nodes."""

_PLACE = ("document_id", "title", "edition", "page_number", "page_label", "heading_path")
"""Metadata that a model may read beside the text; the rest is for programs."""


class RagMedRetriever(BaseRetriever):
    """A ``BaseRetriever`` over a RagMed retriever: the same passages in the same order, with the same scores."""

    def __init__(self, retriever: Retriever, *, k: int = 8, filters: Filters | None = None) -> None:
        super().__init__()
        self._retriever = retriever
        self._k = k
        self._filters = filters or Filters()

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        query = self._retriever.analyse(query_bundle.query_str, None, self._filters)
        found = self._retriever.retrieve(query, self._k)
        return [to_node(passage, found.coverage) for passage in found.passages]


def to_node(passage: Passage, coverage: float) -> NodeWithScore:
    """A passage as a node; ``start_char_idx`` and ``end_char_idx`` count on the page, as in the chunk."""
    chunk, document = passage.chunk, passage.document
    metadata: dict[str, Any] = {
        "document_id": document.document_id,
        "title": document.title,
        "edition": document.edition,
        "status": document.status.value,
        "language": chunk.language.value,
        "page_number": chunk.page_number,
        "page_label": passage.page_label,
        "heading_path": " > ".join(chunk.heading_path),
        "marker": passage.marker,
        "source_path": document.source_path,
        COVERAGE: coverage,
        **{f"{part.name}_score": part.score for part in passage.hit.parts},
    }
    hidden = [key for key in metadata if key not in _PLACE]
    node = TextNode(
        id_=chunk.chunk_id,
        text=chunk.text,
        start_char_idx=chunk.start,
        end_char_idx=chunk.end,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document.document_id)},
    )
    return NodeWithScore(node=node, score=passage.hit.score)


class EvidenceFilter(BaseNodePostprocessor):
    """Keeps what may be evidence: nothing at all below the abstention threshold, and never a superseded edition.

    Nodes of another retriever, which carry no coverage, are judged by ``least_score`` alone.
    """

    abstain_below: float = Field(ge=0, le=1, description="coverage under which no node is kept")
    least_score: float = Field(default=0.0, ge=0, le=1, description="fused score under which a node is dropped")
    include_superseded: bool = False

    @classmethod
    def class_name(cls) -> str:
        return "RagMedEvidenceFilter"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        return [node for node in nodes if self._keeps(node)]

    def _keeps(self, found: NodeWithScore) -> bool:
        metadata = found.node.metadata
        return (
            float(metadata.get(COVERAGE, 1.0)) >= self.abstain_below
            and (found.score or 0.0) >= self.least_score
            and (self.include_superseded or metadata.get("status", "current") == "current")
        )
