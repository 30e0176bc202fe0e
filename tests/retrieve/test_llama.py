"""The LlamaIndex adapters inside a LlamaIndex query engine: retrieve, then filter the evidence. No network, no model."""

from __future__ import annotations

import pytest
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers.no_text import NoText
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from ragmed.records import Filters
from ragmed.retrieve.llama import EvidenceFilter, RagMedRetriever
from ragmed.retrieve.search import HybridRetriever
from tests.retrieve.conftest import DKA, OLD_STROKE

SEPTIC = "Which vasopressor first in septic shock?"


def engine(retriever: HybridRetriever, abstain_below: float) -> RetrieverQueryEngine:
    return RetrieverQueryEngine(
        retriever=RagMedRetriever(retriever, k=3),
        response_synthesizer=NoText(llm=MockLLM()),
        node_postprocessors=[EvidenceFilter(abstain_below=abstain_below)],
    )


def test_a_query_engine_gives_the_same_passages_as_the_search(retriever: HybridRetriever) -> None:
    found = retriever.retrieve(retriever.analyse(SEPTIC, None, Filters()), 3)
    nodes = engine(retriever, 0.0).query(SEPTIC).source_nodes
    assert [node.node.node_id for node in nodes] == [passage.chunk.chunk_id for passage in found.passages]
    assert [node.score for node in nodes] == [passage.hit.score for passage in found.passages]


def test_a_node_traces_back_to_its_page(retriever: HybridRetriever) -> None:
    node = RagMedRetriever(retriever, k=1).retrieve("potassium before insulin in DKA")[0].node
    assert isinstance(node, TextNode)
    assert node.text == DKA
    assert (node.start_char_idx, node.end_char_idx) == (0, len(DKA))
    assert node.metadata["page_label"] == "DK-1"
    assert node.ref_doc_id == node.metadata["document_id"]


def test_below_the_threshold_no_evidence_is_left(retriever: HybridRetriever) -> None:
    coverage = RagMedRetriever(retriever, k=1).retrieve(SEPTIC)[0].node.metadata["coverage"]
    assert engine(retriever, coverage).query(SEPTIC).source_nodes
    assert engine(retriever, min(1.0, coverage + 1e-6)).query(SEPTIC).source_nodes == []


def test_superseded_editions_are_no_evidence(retriever: HybridRetriever) -> None:
    asked = RagMedRetriever(retriever, k=20, filters=Filters(include_superseded=True))
    nodes = asked.retrieve("alteplase hours after onset of ischaemic stroke")
    assert OLD_STROKE in [node.text for node in nodes]
    kept = EvidenceFilter(abstain_below=0.0).postprocess_nodes(nodes)
    assert OLD_STROKE not in [node.text for node in kept]
    both = EvidenceFilter(abstain_below=0.0, include_superseded=True).postprocess_nodes(nodes)
    assert OLD_STROKE in [node.text for node in both]


def test_nodes_of_another_retriever_are_judged_by_score_alone() -> None:
    nodes = [NodeWithScore(node=TextNode(text=text), score=score) for text, score in (("a", 0.9), ("b", 0.1))]
    kept = EvidenceFilter(abstain_below=0.5, least_score=0.5).postprocess_nodes(nodes, QueryBundle("q"))
    assert [node.text for node in kept] == ["a"]


def test_a_threshold_outside_zero_to_one_is_refused() -> None:
    with pytest.raises(ValueError, match="less than or equal to 1"):
        EvidenceFilter(abstain_below=1.5)
