"""The filters of the Audit page: in the address, as a ``RecordFilter``, as fields.

Laws of this room: the address is what holds, so that Back, a link and an export mean the same answers; words that were
searched for are in it under a name only (``ragmed.ui.searches``); whatever an address says, no filter is dropped in
silence: what cannot be understood is an error.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

import streamlit as st

from ragmed.entries import FeedbackKind, RecordFilter
from ragmed.errors import BadInputError
from ragmed.records import Language, Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ragmed.ui.main import View
    from ragmed.ui.searches import Searches
    from ragmed.ui.words import Tongue, Words

TEXTS = ("since", "until", "user", "document", "series", "edition")
CHOICES: dict[str, type[StrEnum]] = {
    "outcome": Outcome,
    "verdict": Verdict,
    "feedback": FeedbackKind,
    "language": Language,
}
SEARCH, BEFORE = "search", "before"
"""In an address: the name of the words searched for; the number of the entry behind which the list goes on."""
DAY = "2026-11-25"
"""A time as it may be written."""
HELD = (*TEXTS, *CHOICES, SEARCH)
_FIELD = "audit-{}"
_OPEN = "audit_filters_open"
"""Session key: whether the fold was open at first."""
_TEXT = _FIELD.format("text")

_Kind = TypeVar("_Kind", bound=StrEnum)


def of_address(said: Mapping[str, str], searches: Searches) -> RecordFilter:
    """What an address asks for. Raises BadInputError."""
    name = said.get(SEARCH, "")
    text = searches.words(name) if name else ""
    if text is None:
        raise BadInputError("the words that were searched for are no longer known", remedy="search for them again")
    return RecordFilter(
        text=text,
        since=said.get("since", ""),
        until=said.get("until", ""),
        user=said.get("user", ""),
        document_id=said.get("document", ""),
        series=said.get("series", ""),
        edition=said.get("edition", ""),
        outcome=_choice(said, "outcome", Outcome),
        verdict=_choice(said, "verdict", Verdict),
        feedback=_choice(said, "feedback", FeedbackKind),
        language=_choice(said, "language", Language),
    )


def _choice(said: Mapping[str, str], name: str, kind: type[_Kind]) -> _Kind | None:
    stated = said.get(name, "")
    try:
        return kind(stated) if stated else None
    except ValueError:
        raise BadInputError(f"{name}: {stated!r} is none", remedy=f"one of {', '.join(kind)}") from None


def held(*more: str) -> dict[str, str]:
    """What the page's own address says of filters and language, and of ``more``: for the links of the page."""
    return {name: st.query_params[name] for name in (*HELD, *more, "lang") if st.query_params.get(name)}


def link(path: str, said: Mapping[str, str]) -> str:
    """``path`` with these words behind it."""
    return f"{path}?{urlencode(said)}" if said else path


def fields(view: View) -> None:
    """Draw the fields, as the address fills them. A changed one changes the address, which begins with the newest."""
    words, searches = view.words, view.desk.searches

    def changed() -> None:
        _into_the_address(searches, words.tongue)

    with st.container(key="audit-filters"):
        text = searches.words(st.query_params.get(SEARCH, "")) or ""
        st.text_input(words("audit.filter.text"), _as_said(_TEXT, text), key=_TEXT, on_change=changed, max_chars=200)
        unfolded = st.session_state.setdefault(_OPEN, any(st.query_params.get(name) for name in HELD[:-1]))
        with st.expander(words("audit.filter.more"), expanded=unfolded):
            with st.container(key="audit-more", horizontal=True):
                for name in TEXTS:
                    key, label = _FIELD.format(name), words(f"audit.filter.{name}")
                    hint = DAY if name in ("since", "until") else None
                    value = _as_said(key, st.query_params.get(name, ""))
                    st.text_input(label, value, key=key, on_change=changed, max_chars=80, placeholder=hint)
            with st.container(key="audit-choices", horizontal=True):
                for name, kind in CHOICES.items():
                    key, label = _choice_key(name, words.tongue), words(f"audit.filter.{name}")
                    options = ["", *(one.value for one in kind)]
                    stated = st.query_params.get(name, "")
                    place = options.index(_as_said(key, stated if stated in options else ""))
                    said = partial(said_of, words=words, name=name)
                    st.selectbox(label, options, place, format_func=said, key=key, on_change=changed)


def said_of(option: str, *, name: str, words: Words) -> str:
    """One choice in words."""
    if not option:
        return words("audit.filter.any")
    return words(
        {
            "outcome": f"audit.outcome.{option}",
            "verdict": f"verdict.{option}",
            "feedback": f"feedback.kind.{option}",
            "language": f"audit.language.{option}",
        }[name]
    )


def _as_said(key: str, said: str) -> str:
    """What a field begins with. One that holds something else (the browser went back) is told to hold this.

    Given as the field's own beginning and not as its state, which the browser may miss while it still loads the field;
    and always the same beginning, for with another one it would be another field, drawn anew under the hand.
    """
    first: str = st.session_state.setdefault(f"{key}-first", said)
    if st.session_state.get(key, first) != said:
        st.session_state[key] = said
        return ""
    return first


def _choice_key(name: str, tongue: Tongue) -> str:
    """A field of its own in each language: a browser gives back the label that was chosen, which the other language has
    not."""
    return f"{_FIELD.format(name)}-{tongue}"


def _into_the_address(searches: Searches, tongue: Tongue) -> None:
    keys = {name: _FIELD.format(name) for name in TEXTS} | {name: _choice_key(name, tongue) for name in CHOICES}
    said = {name: " ".join(str(st.session_state.get(key) or "").split()) for name, key in keys.items()}
    text = str(st.session_state.get(_TEXT) or "").strip()
    said[SEARCH] = searches.keep(text) if text else ""
    for name in ("view", "lang"):
        said[name] = st.query_params.get(name, "")
    st.query_params.from_dict({name: value for name, value in said.items() if value})
