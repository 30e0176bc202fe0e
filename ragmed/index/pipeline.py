"""What turns a reading into embedded chunks, and all that the result depends on.

The law of the room: two runs whose ``Pipeline`` has equal facts make equal segments of equal files; whatever else
changes, a segment may be taken up again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ragmed.canonical import plain, sha256_of
from ragmed.corpus.chunker import SentenceChunker
from ragmed.corpus.library import FileToRead
from ragmed.corpus.reading import pipeline_version
from ragmed.errors import SettingsError
from ragmed.index.manifest import EmbedderFacts
from ragmed.index.windows import WINDOW_TOKENS, WINDOWS_VERSION, window_spans
from ragmed.interfaces import Embedder, TokenSpans
from ragmed.records import Chunk, Language
from ragmed.text.passages import embedding_text

if TYPE_CHECKING:
    from ragmed.settings import EmbedderSettings, Settings


def make_chunker(settings: Settings, embedder: Embedder) -> SentenceChunker:
    """The chunker that the settings and the embedder's limit ask for. Raises SettingsError where they disagree."""
    limit = settings.chunk.max_tokens or embedder.max_tokens
    if limit > embedder.max_tokens:
        raise SettingsError(
            f"chunk.max_tokens is {limit}, but {embedder.name} reads {embedder.max_tokens} tokens and no more",
            remedy="lower chunk.max_tokens, or set it to 0 for the embedder's own limit",
        )
    prefix = settings.embedder.passage_prefix
    return SentenceChunker(
        embedder.token_spans,
        limit - (len(embedder.token_spans(prefix)) if prefix else 0),
        settings.chunk.min_tokens,
        settings.chunk.overlap_sentences,
        special_tokens=embedder.special_tokens,
    )


def passage_text(chunk: Chunk, title: str, *, multilingual: bool) -> str:
    """What the embedder reads of a chunk: headings and text; of a Chinese chunk its English gloss.

    A model that ``multilingual`` names reads Chinese itself.
    """
    text = embedding_text(chunk, title)
    if multilingual or chunk.language is not Language.CHINESE:
        return text
    from ragmed.terms import gloss_to_english

    return gloss_to_english(text) or text


def window_texts(chunk: Chunk, title: str, token_spans: TokenSpans, *, multilingual: bool) -> tuple[str, ...]:
    """What the embedder reads of a chunk's windows: as of the chunk itself, under the same headings."""
    return tuple(
        passage_text(replace(chunk, text=chunk.text[start:end]), title, multilingual=multilingual)
        for start, end in window_spans(chunk.text, token_spans)
    )


@dataclass(frozen=True)
class Pipeline:
    """The embedder and the chunker, and all that their results depend on."""

    embedder: Embedder
    chunker: SentenceChunker
    multilingual: bool
    reading_facts: Mapping[str, object]
    """What a reading depends on beside the file."""
    embedder_facts: EmbedderFacts

    @classmethod
    def of(cls, settings: Settings, embedder: Embedder) -> Pipeline:
        from ragmed.terms import all_terms

        chunker = make_chunker(settings, embedder)
        facts = embedder_facts(embedder, settings.embedder)
        reader = settings.reader.model_dump(exclude={"workers"})
        return cls(
            embedder=embedder,
            chunker=chunker,
            multilingual=settings.embedder.multilingual,
            reading_facts={
                "readers": pipeline_version(),
                "limits": reader,
                "chunker": chunker.configuration(),
                "embedder": facts,
                "windows": [WINDOWS_VERSION, WINDOW_TOKENS],
                "terms": sha256_of(tuple(plain(term) for term in all_terms())),
            },
            embedder_facts=facts,
        )

    def key(self, file: FileToRead, accepted: Sequence[int] = ()) -> str:
        """The key of the file's reading in ``reads.json``; ``accepted``: pages of it taken out of quarantine."""
        return sha256_of([file.address, list(accepted), self.reading_facts])


def embedder_facts(embedder: Embedder, settings: EmbedderSettings) -> EmbedderFacts:
    """What the manifest says of the embedder."""
    return EmbedderFacts(
        name=embedder.name,
        revision=embedder.revision,
        engine=embedder.engine,
        dimensions=embedder.dimensions,
        passage_prefix=settings.passage_prefix,
        query_prefix=settings.query_prefix,
        multilingual=settings.multilingual,
    )


def facts_of_passages(facts: EmbedderFacts) -> EmbedderFacts:
    """The part that the vectors of passages depend on: not a query's prefix; and the gloss is in the texts."""
    return replace(facts, query_prefix="", multilingual=False)
