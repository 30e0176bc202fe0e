"""Markers that cannot point nowhere: what may be written next, so that every ``[n]`` is a passage of the prompt.

Laws of this room: inside brackets only the numbers 1 to k can be completed; a line that says something cannot end
without a marker. A valid marker is not a right one: whether the passage says it is checked afterwards, on its page.

The rules are on text alone; ``MarkerProcessor`` lays them over a vocabulary. They know byte-level BPE, in which every
printable ASCII character stands for itself, a space is ``Ġ`` and a line feed ``Ċ``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import torch
from transformers import LogitsProcessor

from ragmed.generate.prompt import says_not_covered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_OPEN = re.compile(r"[\[【](\d*)$")
_INSIDE = re.compile(r"(\d*)(\](?:[.,;:)]|Ġ|Ċ|\[)*)?")
"""A token that may stand within brackets: digits, the closing bracket, what may follow it."""
_BRACKET = re.compile(r"[^\[\]]*\[(\d*)(\](?:[.,;:)]|Ġ|Ċ)*)?")
_WIDE = ("ãĢĲ", "ãĢĳ")
"""【 and 】 in byte-level BPE."""
_ENDED = re.compile(r"\](?:[\s.,;:)。，；：）!?！？]*)$")
TAIL = 400
"""Characters of a line that the rules look back over."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens that markers are about."""

    inside: tuple[tuple[int, str, bool], ...]
    """Tokens that may follow an open bracket: id, digits, whether they close it."""
    opening: tuple[tuple[int, str, bool], ...]
    """Tokens that open a bracket: id, digits behind it, whether they close it again."""
    banned: tuple[int, ...]
    """Tokens with brackets of any other form."""
    plain_opening: tuple[int, ...]
    """Tokens that are an opening bracket and at most spaces before it."""
    line_ends: tuple[int, ...]
    """Tokens with a line feed in them, and those that end a text."""

    @classmethod
    def of(cls, vocabulary: Mapping[str, int], ends: Sequence[int]) -> Vocabulary:
        """From a tokenizer's ``get_vocab()`` and the ids that end a text."""
        inside, opening, banned, plain, lines = [], [], [], [], list(ends)
        for token, number in vocabulary.items():
            if number in ends:
                continue
            if "Ċ" in token and not token.startswith("]"):
                lines.append(number)
            within = _INSIDE.fullmatch(token)
            if within and token:
                inside.append((number, within[1], within[2] is not None))
            if "[" in token and not (within and token):
                found = _BRACKET.fullmatch(token)
                if found:
                    opening.append((number, found[1], found[2] is not None))
                    if token.lstrip("Ġ") == "[":
                        plain.append(number)
                else:
                    banned.append(number)
            if any(bracket in token for bracket in _WIDE):
                banned.append(number)
        return cls(tuple(inside), tuple(opening), tuple(banned), tuple(plain), tuple(lines))


def leads_to(digits: str, most: int) -> bool:
    """Whether these digits are the beginning of a number from 1 to ``most``."""
    return any(str(number).startswith(digits) for number in range(1, most + 1))


def is_marker(digits: str, most: int) -> bool:
    """Whether these digits are a number from 1 to ``most``, without a leading zero."""
    return digits.isdigit() and not digits.startswith("0") and 1 <= int(digits) <= most


def open_bracket(line: str) -> str | None:
    """The digits behind a bracket that is still open at the end of a line; None where none is open."""
    found = _OPEN.search(line)
    return found[1] if found else None


def wants_marker(line: str) -> bool:
    """Whether a line says something that no marker follows."""
    said = any(character.isalnum() for character in line)
    return said and not _ENDED.search(line) and not says_not_covered(line)


class MarkerProcessor(LogitsProcessor):
    """Lays the rules over a model's logits; of a prompt ``prompt_length`` tokens long, with ``markers`` passages."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        decode: Callable[[Sequence[int]], str],
        *,
        prompt_length: int,
        markers: int,
    ) -> None:
        self._vocabulary = vocabulary
        self._decode = decode
        self._start = prompt_length
        self._markers = markers
        forbidden = [
            *vocabulary.banned,
            *(
                number
                for number, digits, closed in vocabulary.opening
                if not (is_marker(digits, markers) if closed else leads_to(digits, markers))
            ),
        ]
        self._forbidden = torch.tensor(sorted(set(forbidden)), dtype=torch.long)
        self._line_ends = torch.tensor(vocabulary.line_ends, dtype=torch.long)
        self._plain_opening = torch.tensor(vocabulary.plain_opening, dtype=torch.long)
        self._after: Callable[[str], torch.Tensor] = lru_cache(maxsize=None)(self._allowed_after)

    def _allowed_after(self, digits: str) -> torch.Tensor:
        """Ids of the tokens that may follow an open bracket with these digits."""
        fitting = [
            number
            for number, more, closed in self._vocabulary.inside
            if (is_marker(digits + more, self._markers) if closed else leads_to(digits + more, self._markers))
        ]
        return torch.tensor(fitting, dtype=torch.long)

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Logits, shape (1, vocabulary), with what may not be written at minus infinity."""
        device = scores.device
        line = self._line(input_ids[0, self._start :].tolist())
        digits = open_bracket(line)
        if digits is not None:
            return only(scores, self._after(digits).to(device))
        scores = scores.clone()
        scores[:, self._forbidden.to(device)] = -torch.inf
        if wants_marker(line):
            ends = self._line_ends.to(device)
            if bool((ends == scores[0].argmax()).any()):
                return only(scores, self._plain_opening.to(device))  # the line would end here: now its marker
            scores[:, ends] = -torch.inf
        return scores

    def _line(self, written: Sequence[int]) -> str:
        """The end of what is written, from the last line feed on."""
        return self._decode(written[-TAIL:]).rpartition("\n")[2][-TAIL:]


def only(scores: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """The logits of the ``allowed`` ids, the others at minus infinity."""
    kept = torch.full_like(scores, -torch.inf)
    kept[:, allowed] = scores[:, allowed]
    return kept
