"""RagMed's readers and chunker in LlamaIndex's own types, for anyone who runs an ``IngestionPipeline``.

Laws of this room: a llama-index Document is one page; a node's text is exactly
``document.text[start_char_idx:end_char_idx]`` (law 1); headings and titles travel as metadata, never inside the text;
nothing here asks the network (llama-index's default tokenizer would: see ``offline_tokenizer``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from llama_index.core import Settings as LlamaSettings
from llama_index.core.node_parser import NodeParser
from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import BaseNode, MetadataMode, NodeRelationship, TextNode
from llama_index.core.schema import Document as LlamaDocument
from pydantic import PrivateAttr

from ragmed.canonical import plain
from ragmed.corpus.library import scan_library
from ragmed.corpus.sandbox import Sandbox
from ragmed.errors import BadInputError, UnreadableFileError
from ragmed.interfaces import Chunker
from ragmed.records import Block, BlockKind, Document, Language, Page
from ragmed.settings import ReaderSettings

_BLOCKS = "ragmed_blocks"
_DOCUMENT = "ragmed_document"
_HIDDEN = [_BLOCKS, _DOCUMENT]
"""Metadata that carries records from reader to chunker; no embedder and no model sees it."""


def offline_tokenizer(count: Callable[[str], list[Any]]) -> None:
    """Have llama-index count tokens with ``count``; otherwise it fetches tiktoken's tables from the network."""
    LlamaSettings.tokenizer = count


class RagMedReader(BaseReader):
    """Files → llama-index Documents, one a page. Every file is read in the sandbox."""

    def __init__(self, settings: ReaderSettings | None = None) -> None:
        self._settings = settings or ReaderSettings()

    def load_data(self, *paths: Path | str) -> list[LlamaDocument]:
        """The pages of the files and folders named. Raises UnreadableFileError for the first file that is refused."""
        if not paths:
            raise BadInputError("RagMedReader.load_data was given no path", remedy="name a file or a folder")
        scan = scan_library([Path(path) for path in paths])
        loaded: list[LlamaDocument] = []
        with Sandbox(self._settings) as sandbox:
            for reading in sandbox.read_all(scan.files):
                if reading.document is None:
                    raise UnreadableFileError(reading.notes[0].message, remedy="leave the file out, or get it again")
                loaded.extend(page_document(reading.document, page) for page in reading.pages)
        return loaded


def page_document(document: Document, page: Page) -> LlamaDocument:
    """One page as llama-index holds it; ``id_`` is ``{document_id}-p{number}``."""
    return LlamaDocument(
        id_=f"{document.document_id}-p{page.number}",
        text=page.text,
        metadata={
            "document_id": document.document_id,
            "title": document.title,
            "edition": document.edition,
            "published_on": document.published_on,
            "publisher": document.publisher,
            "language": document.language.value,
            "source_path": document.source_path,
            "page_number": page.number,
            "page_label": page.label,
            _DOCUMENT: plain(document),
            _BLOCKS: [[b.start, b.end, b.kind.value, b.level, list(b.heading_path)] for b in page.blocks],
        },
        excluded_embed_metadata_keys=list(_HIDDEN),
        excluded_llm_metadata_keys=list(_HIDDEN),
    )


class RagMedNodeParser(NodeParser):
    """RagMed's chunker as a llama-index transformation; takes any Document, best those of RagMedReader."""

    _chunker: Chunker = PrivateAttr()

    def __init__(self, chunker: Chunker, **fields: Any) -> None:
        super().__init__(**fields)
        self._chunker = chunker

    @classmethod
    def class_name(cls) -> str:
        return "RagMedNodeParser"

    def _parse_nodes(self, nodes: Sequence[BaseNode], show_progress: bool = False, **kwargs: Any) -> list[BaseNode]:
        """llama-index's hook: one TextNode a chunk."""
        del show_progress, kwargs
        parsed: list[BaseNode] = []
        # pages of one document go to the chunker together: a heading at the end of one rules the next
        for group in _by_document(nodes):
            pages = [_page_of(node) for node in group]
            document = _document_of(group[0])
            sources = {page.number: node for page, node in zip(pages, group, strict=True)}
            for chunk in self._chunker.chunk(document, pages):
                source = sources[chunk.page_number]
                parsed.append(
                    TextNode(
                        id_=chunk.chunk_id,
                        text=chunk.text,
                        start_char_idx=chunk.start,
                        end_char_idx=chunk.end,
                        metadata={
                            "heading_path": " > ".join(chunk.heading_path),
                            "chunk_language": chunk.language.value,
                        },
                        relationships={NodeRelationship.SOURCE: source.as_related_node_info()},
                        excluded_embed_metadata_keys=list(_HIDDEN),
                        excluded_llm_metadata_keys=list(_HIDDEN),
                    )
                )
        return parsed

    def _postprocess_parsed_nodes(
        self, nodes: list[BaseNode], parent_doc_map: dict[str, LlamaDocument]
    ) -> list[BaseNode]:
        """llama-index would search each node's text in its parent to find the offsets; ours are exact already."""
        for node in nodes:
            parent = parent_doc_map.get(node.ref_doc_id or "")
            if parent is not None:
                carried = {key: value for key, value in parent.metadata.items() if key not in _HIDDEN}
                node.metadata = {**carried, **node.metadata}
        return nodes


def _by_document(nodes: Sequence[BaseNode]) -> list[list[BaseNode]]:
    groups: dict[str, list[BaseNode]] = {}
    for node in nodes:
        groups.setdefault(str(node.metadata.get("document_id", node.node_id)), []).append(node)
    return list(groups.values())


def _document_of(node: BaseNode) -> Document:
    """The Document a page came from; a plain one for pages of other readers."""
    fields = node.metadata.get(_DOCUMENT)
    if isinstance(fields, dict):
        known = {**fields, "language": Language(fields["language"])}
        known.pop("status", None)
        return Document(**known)
    title = str(node.metadata.get("title", ""))
    return Document(
        document_id=str(node.metadata.get("document_id", node.node_id)),
        series="",
        title=title,
        publisher="",
        edition="",
        published_on="",
        language=Language.OTHER,
        sha256="",
        licence="",
        source_path=str(node.metadata.get("file_path", "")),
        media_type="text/plain",
        page_count=1,
    )


def _page_of(node: BaseNode) -> Page:
    blocks = tuple(
        Block(start=start, end=end, kind=BlockKind(kind), level=level, heading_path=tuple(path))
        for start, end, kind, level, path in node.metadata.get(_BLOCKS, ())
    )
    return Page(
        document_id=str(node.metadata.get("document_id", node.node_id)),
        number=int(node.metadata.get("page_number", 1)),
        label=str(node.metadata.get("page_label", "")),
        text=node.get_content(metadata_mode=MetadataMode.NONE),
        blocks=blocks,
    )
