"""The weights that the base begins with: random, but for circuits that copy, look up and carry a note's number.

From random weights alone copying appears only after some million tokens, looking up had not appeared after three
million with copying there, and numbers not after two million with both: more than two busy cores read in half an hour.
So, with ``marks``, some heads of the first four layers begin as something (``_Circuits``); all else is random and
nothing is frozen:

* *copying*: the first layer writes beside every token the three before it, the third looks for what stood behind the
  same two and the same three (an "induction head", arXiv 2209.11895);
* *looking up*: the first layer gathers the words of a question where its answer begins, and those of a title where
  a note's text begins; the third looks for places right behind a header whose gathered words are the question's;
* *the number*: the second layer looks back to the last `` title`` and carries what stands two tokens before it, which
  is the note's number where it has one, into dimensions of its own; the third brings it along from where it copies
  and where it looks up, and there leans to saying it;
* *the next sentence*: where a line begins behind one that ended with a number, the third layer looks for sentences that
  begin in the note with that number;
* *the sentence with a word*: the second layer carries the first token of each sentence, or line, on through it; the
  third brings it to the words of a question from where they stood before; the fourth gathers what was brought where an
  answer begins, and leans to saying it.

The circuits do not work until they are trained: which words count, what is said and what is passed over, where a
sentence ends, that there may be nothing, whether a text or a number is wanted, and that what is brought along in
copying is a number that can be said, are in no weight before they are learned.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

_CODE = 16
"""Dimensions that a number is carried in, and those of a token that stands two or three before."""
_TOKEN = 32
"""Dimensions that tell tokens apart."""
_SAID = 1.0
"""How strongly a number that was looked up leans to being said, beside what is brought along as it is (0.5)."""
_BEHIND = 6
"""Dimensions by which a place right behind a note's header is told."""
_WORDS = 40
"""Dimensions that gathered words are written in."""


def begin(network: Any, marks: tuple[int, ...] | None) -> None:
    """Overwrite all weights; what is drawn comes from torch's seed.

    ``marks``: the tokens `` title``, ``">``, ``.`` and a line's end, by which a network of eight heads and four layers
    or more is wired; ``None``: all is random.
    """
    hidden = network.config.hidden_size
    embeddings = network.model.embed_tokens.weight
    with torch.no_grad():
        # what all tokens share shifts all logits alike, and lets a head look at a place whatever stands there
        shared = torch.randn(hidden).sign() * hidden**-0.5
        embeddings.normal_(0.0, hidden**-0.5)
        embeddings.sub_(torch.outer(embeddings @ shared, shared)).add_(shared)
        for layer in network.model.layers:
            heads, gate = layer.self_attn, layer.mlp
            for matrix in (heads.q_proj, heads.k_proj, heads.v_proj, gate.gate_proj, gate.up_proj):
                matrix.weight.normal_(0.0, hidden**-0.5)
            heads.o_proj.weight.normal_(0.0, 0.3 * hidden**-0.5)
            gate.down_proj.weight.normal_(0.0, 0.2 * (3 * hidden) ** -0.5)
        if marks:
            _Circuits(network).wire(*marks)


class _Circuits:
    """Where in the residual what is written, and the heads that write and read it."""

    def __init__(self, network: Any) -> None:
        config = network.config
        self._layers = network.model.layers
        self._embeddings = network.model.embed_tokens.weight
        hidden, self._size = config.hidden_size, config.head_dim
        half = self._size // 2
        self._half = half
        self._turn = config.rope_parameters["rope_theta"] ** (-torch.arange(half) / half)
        """Radians that a pair of dimensions turns by in a token."""
        quarter = self._size // 4
        self._slow = [*range(quarter, half), *range(half + quarter, self._size)]
        """Dimensions of a head that turn so slowly that distance hardly matters."""
        places = torch.arange(hidden)
        self._carried, self._brought = places[-2 * _CODE : -_CODE], places[-_CODE:]
        """Where a note's number is written, and where it is written that was brought along."""
        kept = torch.cat((self._carried, self._brought))
        self._embeddings[:, kept] = 0.0
        for layer in self._layers[:3]:
            layer.self_attn.o_proj.weight[kept] = 0.0
            layer.mlp.down_proj.weight[kept] = 0.0
        free = torch.ones(hidden)
        free[kept] = 0.0
        self._free = free
        self._shared = self._embeddings.mean(0)
        sizes = (_TOKEN, _WORDS - _TOKEN, _TOKEN, _CODE, _CODE, _CODE, _CODE, _WORDS, _WORDS)
        drawn = torch.randn(hidden, 1 + sum(sizes)) * free[:, None]
        drawn[:, 0] = self._shared
        apart = torch.linalg.qr(drawn)[0].T[1:].split(sizes)
        self._token, rest, self._before, self._second, self._third = apart[:5]
        self._begun, self._met, self._asked, self._titled = apart[5:]
        """Directions by which a token is told, and in which are written: the token before, the second and third before,
        the first of its sentence and of the sentence that a word was met in, the words of a question and of a title;
        all at right angles."""
        self._word = torch.cat((self._token, rest))
        """By which a token is told that is gathered as a word."""

    def wire(self, title: int, closes: int, stop: int, line: int, year: int) -> None:
        """All heads."""
        for layer, quiet in ((0, 0.15), (1, 0.15), (2, 1.0)):
            self._layers[layer].self_attn.o_proj.weight.mul_(quiet)
            # or it drowns what later layers are to match
            self._layers[layer].mlp.down_proj.weight.mul_(0.1 if quiet < 1 else 1.0)
        self._gathering()
        self._number(title)
        self._beginning(stop, line, year)
        self._finding(closes, stop, line)

    def _gathering(self) -> None:
        words = self._word
        for head, distance, pairs, sharp, read, written, gain in (
            (0, 1.0, range(6), 2.6, self._token, self._before, 0.4),
            (1, 2.0, range(6), 2.6, self._token[:_CODE], self._second, 0.4),
            (5, 3.0, range(6), 2.6, self._token[:_CODE], self._third, 0.4),
            (2, 13.0, range(5, 13), 1.3, words, self._asked, 0.8),
            (3, 19.0, range(6, 13), 1.3, words, self._asked, 0.8),
            (4, 3.0, range(4, 13), 1.3, words, self._titled, 1.2),
        ):
            self._still(0, head)
            self._looks_back(0, head, distance, pairs)
            self._sharp(0, head, self._both(pairs), sharp)
            self._writes(0, head, read, written, gain)

    def _number(self, title: int) -> None:
        heads = self._layers[1].self_attn
        pairs = range(10, 15)
        self._still(1, 0)
        self._looks_back(1, 0, 0.0, pairs)
        told = self._embeddings[title] - self._shared
        for written in (self._before, self._second, self._third, self._begun, self._asked, self._titled):
            told = told - written.T @ (written @ told)
        told = told / told.norm()
        for dimension in self._slow[-8:]:
            heads.q_proj.weight[dimension] += 0.9 * self._shared
            heads.k_proj.weight[dimension] += 0.9 * told
        self._sharp(1, 0, self._both(pairs), 1.4)
        self._sharp(1, 0, self._slow[-8:], 2.2)
        self._writes(1, 0, self._second, self._dimensions(self._carried), 1.2)

    def _beginning(self, stop: int, line: int, year: int) -> None:
        """A head of the second layer carries the first token of a sentence or line on through it."""
        heads = self._layers[1].self_attn
        start, pairs = self._size, range(6, 15)
        self._still(1, 1)
        self._looks_back(1, 1, 0.0, pairs)
        begins = self._is(self._before, stop) + self._is(self._before, line) - self._is(self._token[:_CODE], year)
        for dimension in self._slow[-8:]:
            heads.q_proj.weight[start + dimension] += 1.5 * self._shared
            heads.k_proj.weight[start + dimension] += begins
        self._sharp(1, 1, self._both(pairs), 2.0)
        self._sharp(1, 1, self._slow[-8:], 3.2)
        self._writes(1, 1, self._token[:_CODE], self._begun, 1.2)

    def _dimensions(self, places: torch.Tensor) -> torch.Tensor:
        """The directions of single dimensions."""
        return torch.eye(self._free.numel())[places]

    def _finding(self, closes: int, stop: int, line: int) -> None:
        """The third layer's heads: two copy, two look up, one each brings the number of what they find, one goes on
        with the next sentence, one finds the sentences that have a question's words; and the fourth's that gathers
        these."""
        room = len(self._slow)
        half = room // 2
        once, twice = self._pairs(self._token, self._before), self._pairs(self._before, self._second)
        thrice = self._pairs(self._second, self._third)
        third = room // 3
        two = [*once[:half], *twice[: room - half]]
        three = [*once[: room - 2 * third], *twice[:third], *thrice[:third]]
        header = [(self._shared, self._is(self._second, closes))] * _BEHIND
        words = self._pairs(self._asked, self._titled)
        first, last = [*words[: room - _BEHIND], *header], [*words[_BEHIND - room :], *header]
        begins = [(self._shared, self._is(self._before, stop))] * (room - _CODE - _BEHIND)
        begins += [(self._shared, -self._is(self._token, line))] * _BEHIND
        carried, brought = self._dimensions(self._carried), self._dimensions(self._brought)
        for head, matched, gain in ((0, two, 0.5), (1, three, 0.5), (2, first, 0.5), (3, last, 0.5)):
            self._matches(head, matched)
            self._brings(head, gain)
        self._matches(7, [*self._pairs(self._second, carried), *begins])
        self._brings(7, 0.3)
        for head, matched in ((4, first), (5, two)):
            self._matches(head, matched)
            self._writes(2, head, carried, brought, 0.5)
        self._writes(2, 4, carried, self._token[:_CODE], _SAID)
        self._matches(6, two)
        self._writes(2, 6, self._begun, self._met, 1.0)
        self._still(3, 0)
        self._looks_back(3, 0, 15.0, range(5, 13))
        self._sharp(3, 0, self._both(range(5, 13)), 1.3)
        self._writes(3, 0, self._met, self._token[:_CODE], 2.0)

    def _is(self, written: torch.Tensor, token: int) -> torch.Tensor:
        """The direction of places where this token is what is ``written``."""
        direction = written.T @ (self._token[: len(written)] @ (self._embeddings[token] - self._shared))
        return direction / direction.norm()

    @staticmethod
    def _pairs(asked: torch.Tensor, held: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return list(zip(asked, held, strict=False))

    def _matches(self, head: int, pairs: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> None:
        """A head of the third layer looks where the second of each pair is as the first is here."""
        heads = self._layers[2].self_attn
        self._still(2, head)
        start = head * self._size
        for dimension, (asked, held) in zip(self._slow, pairs, strict=True):
            heads.q_proj.weight[start + dimension] += asked
            heads.k_proj.weight[start + dimension] += held
        self._sharp(2, head, self._slow, 2.2)

    def _brings(self, head: int, gain: float) -> None:
        """A head of the third layer brings its part of what stands there along as it is."""
        heads = self._layers[2].self_attn
        rows = slice(head * self._size, (head + 1) * self._size)
        start = head * self._size % self._free.numel()
        part = slice(start, start + self._size)
        heads.v_proj.weight[rows] *= 0.1
        heads.v_proj.weight[rows, part] += torch.eye(self._size)
        heads.o_proj.weight[:, rows] *= 0.1
        heads.o_proj.weight[part, rows] += gain * torch.eye(self._size)

    def _still(self, layer: int, head: int) -> None:
        rows = slice(head * self._size, (head + 1) * self._size)
        heads = self._layers[layer].self_attn
        for projection in (heads.q_proj, heads.k_proj):
            projection.weight[rows] *= 0.02

    def _looks_back(self, layer: int, head: int, distance: float, pairs: Iterable[int]) -> None:
        """The head looks about ``distance`` tokens back: the more pairs that turn fast, the more narrowly."""
        heads = self._layers[layer].self_attn
        start = head * self._size
        for pair in pairs:
            heads.k_proj.weight[start + pair] += self._shared
            heads.q_proj.weight[start + pair] += torch.cos(self._turn[pair] * distance) * self._shared
            heads.q_proj.weight[start + pair + self._half] -= torch.sin(self._turn[pair] * distance) * self._shared

    def _sharp(self, layer: int, head: int, dimensions: Iterable[int], weight: float) -> None:
        """A layer's heads share these weights: what is written last holds for all that use a dimension."""
        heads = self._layers[layer].self_attn
        for norm in (heads.q_norm, heads.k_norm):
            norm.weight[list(dimensions)] = weight

    def _writes(self, layer: int, head: int, read: torch.Tensor, written: torch.Tensor, gain: float) -> None:
        heads = self._layers[layer].self_attn
        start, count = head * self._size, len(read)
        heads.v_proj.weight[start : start + self._size] *= 0.05
        heads.v_proj.weight[start : start + count] = read
        heads.o_proj.weight[:, start : start + count] += gain * written.T

    def _both(self, pairs: Iterable[int]) -> list[int]:
        return [one for pair in pairs for one in (pair, pair + self._half)]
