"""The weights that the base begins with: random, but for circuits that copy and that look up.

From random weights alone copying appears only after some million tokens, and looking up had not appeared after three
million with copying there: more than two busy cores read in half an hour. So, unless ``wired`` is off:

* two heads of the first layer begin by looking one token back and two of the second by looking for what stood behind
  the same token before (an "induction head", arXiv 2209.11895): that copies;
* two more heads of the first layer gather what stands behind, one about where a question's words stand when an answer
  begins, one about where a title stands when a passage's text begins; two more of the second layer look for places
  whose gathered words are those of the question: that looks up.

All else is random and nothing is frozen. The circuits do not work until they are trained: which of the places that
match begins a text, which words count, where a sentence ends and that there may be none is in no weight before it is
learned, and neither is anything of markers.
"""

from __future__ import annotations

from typing import Any

import torch

_LOOKS_BACK = 6
"""Pairs of a head's dimensions, the fastest turning ones, by which one token back is told from its neighbours."""
_SHARP_BACK, _SHARP_MATCH = 2.6, 2.2
_GATHERING = (4, 13)
"""Pairs of dimensions by which a head looks at some five tokens about a distance; two look back as well."""
_SHARP_GATHERING = 1.35
_QUESTION, _TITLE = 17.0, 3.0
"""Tokens back: the middle of a question from where its answer begins, of a title from where its text begins."""
_WIDTH = 56
"""Dimensions that gathered words are written in."""


def begin(network: Any, *, wired: bool) -> None:
    """Overwrite all weights; what is drawn comes from torch's seed."""
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
        if wired:
            _wire(network, shared)
        if wired and network.config.num_attention_heads >= 4:
            _wire_look_up(network, shared)


def _wire(network: Any, shared: torch.Tensor) -> None:
    config = network.config
    hidden, size = config.hidden_size, config.head_dim
    half, quarter = size // 2, size // 4
    slow = [*range(quarter, half), *range(half + quarter, size)]
    """Dimensions that turn so slowly that distance hardly matters."""
    drawn = torch.randn(hidden, 2 * len(slow) + 1)
    drawn[:, 0] = shared
    apart = torch.linalg.qr(drawn)[0].T
    token, before = apart[1 : len(slow) + 1], apart[len(slow) + 1 :]
    """Where a token is read, and where the one before it is written: at right angles to each other."""
    back, match = network.model.layers[0].self_attn, network.model.layers[1].self_attn
    network.model.layers[0].mlp.down_proj.weight.mul_(0.1)  # quiet, or it drowns what the second layer is to match
    back.o_proj.weight.mul_(0.15)
    turn = network.config.rope_parameters["rope_theta"] ** (-torch.arange(half) / half)
    for head in range(2):
        rows = slice(head * size, (head + 1) * size)
        for projection in (back.q_proj, back.k_proj, match.q_proj, match.k_proj):
            projection.weight[rows] = 0.02 * projection.weight[rows]
        for pair in range(_LOOKS_BACK):
            back.k_proj.weight[head * size + pair] += shared
            back.q_proj.weight[head * size + pair] += torch.cos(turn[pair]) * shared
            back.q_proj.weight[head * size + pair + half] -= torch.sin(turn[pair]) * shared
        for place, dimension in enumerate(slow):
            match.q_proj.weight[head * size + dimension] += token[place]
            match.k_proj.weight[head * size + dimension] += before[place]
        match.v_proj.weight[rows] *= 0.1
        match.v_proj.weight[rows, rows] += torch.eye(size)
        match.o_proj.weight[:, rows] *= 0.1
        match.o_proj.weight[rows, rows] += 0.5 * torch.eye(size)
    back.v_proj.weight[:size] *= 0.1
    back.v_proj.weight[: len(slow)] += token
    back.o_proj.weight[:, : len(slow)] += 0.4 * before.T
    for norm in (back.q_norm, back.k_norm):
        norm.weight[[*range(_LOOKS_BACK), *range(half, half + _LOOKS_BACK)]] = _SHARP_BACK
    for norm in (match.q_norm, match.k_norm):
        norm.weight[slow] = _SHARP_MATCH


def _wire_look_up(network: Any, shared: torch.Tensor) -> None:
    config = network.config
    hidden, size = config.hidden_size, config.head_dim
    half, quarter, width = size // 2, size // 4, min(_WIDTH, size)
    gather, match = network.model.layers[0].self_attn, network.model.layers[1].self_attn
    apart = torch.linalg.qr(
        torch.cat((shared[:, None], gather.o_proj.weight[:, :half], torch.randn(hidden, 2 * width)), 1)
    )[0].T
    asked, titled = apart[half + 1 : half + 1 + width], apart[half + 1 + width :]
    """Where a question's words are written, and where a title's."""
    read = torch.linalg.qr(torch.cat((shared[:, None], torch.randn(hidden, width)), 1))[0].T[1:]
    turn = config.rope_parameters["rope_theta"] ** (-torch.arange(half) / half)
    for head, distance, written in ((2, _QUESTION, asked), (3, _TITLE, titled)):
        rows = slice(head * size, (head + 1) * size)
        for projection in (gather.q_proj, gather.k_proj, match.q_proj, match.k_proj):
            projection.weight[rows] *= 0.02
        for pair in range(*_GATHERING):
            gather.k_proj.weight[head * size + pair] += shared
            gather.q_proj.weight[head * size + pair] += torch.cos(turn[pair] * distance) * shared
            gather.q_proj.weight[head * size + pair + half] -= torch.sin(turn[pair] * distance) * shared
        gather.v_proj.weight[rows] *= 0.05
        gather.v_proj.weight[head * size : head * size + width] += read
        gather.o_proj.weight[:, rows] *= 0.1
        gather.o_proj.weight[:, head * size : head * size + width] += 1.2 * written.T
        slow = [*range(quarter, half), *range(half + quarter, size)]
        places = range(len(slow)) if head == 2 else range(width - 1, width - 1 - len(slow), -1)
        for dimension, place in zip(slow, places, strict=True):
            match.q_proj.weight[head * size + dimension] += asked[place]
            match.k_proj.weight[head * size + dimension] += titled[place]
        match.v_proj.weight[rows] *= 0.1
        match.v_proj.weight[rows, rows] += torch.eye(size)
        match.o_proj.weight[:, rows] *= 0.1
        match.o_proj.weight[rows, rows] += 0.5 * torch.eye(size)
    for norm in (gather.q_norm, gather.k_norm):
        for pair in range(_LOOKS_BACK, _GATHERING[1]):
            norm.weight[[pair, pair + half]] = _SHARP_GATHERING
