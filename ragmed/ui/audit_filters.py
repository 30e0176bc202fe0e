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
    from ragmed.ui.words import Words

TEXTS = ("since", "until", "user", "document", "series", "edition")
CHOICES: dict[str, type[StrEnum]] = {
    "outcome": Outcome,
    "verdict": Verdict,
    "feedback": FeedbackKind,
    "language": Language,
}
SEARCH, BEFORE = "search", "before"
"""In an address: the name of the words searched for; the number of the entry behind which the list goes on."""
HELD = (*TEXTS, *CHOICES, SEARCH)
_FIELD = "audit-{}"
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
    words = view.words
    _fill(view.desk.searches)

    def changed() -> None:
        _into_the_address(view.desk.searches)

    def field(name: str) -> None:
        hint = words("audit.filter.time") if name in ("since", "until") else None
        label = words(f"audit.filter.{name}")
        st.text_input(label, key=_FIELD.format(name), on_change=changed, max_chars=80, placeholder=hint)

    with st.container(key="audit-filters"):
        st.text_input(words("audit.filter.text"), key=_TEXT, on_change=changed, max_chars=200)
        with st.expander(words("audit.filter.more"), expanded=any(st.query_params.get(name) for name in HELD[:-1])):
            with st.container(key="audit-more", horizontal=True):
                for name in TEXTS:
                    field(name)
            with st.container(key="audit-choices", horizontal=True):
                for name, kind in CHOICES.items():
                    options = ["", *(one.value for one in kind)]
                    said = partial(said_of, words=words, name=name)
                    label = words(f"audit.filter.{name}")
                    st.selectbox(label, options, format_func=said, key=_FIELD.format(name), on_change=changed)


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


def _fill(searches: Searches) -> None:
    """Put what the address says into the fields, before they are drawn."""
    for name in (*TEXTS, *CHOICES):
        said = st.query_params.get(name, "")
        if name in CHOICES and said not in tuple(CHOICES[name]):
            said = ""
        _set(_FIELD.format(name), said)
    _set(_TEXT, searches.words(st.query_params.get(SEARCH, "")) or "")


def _set(key: str, said: str) -> None:
    if st.session_state.get(key) != said:  # what is being typed stays
        st.session_state[key] = said


def _into_the_address(searches: Searches) -> None:
    said = {name: " ".join(str(st.session_state.get(_FIELD.format(name)) or "").split()) for name in (*TEXTS, *CHOICES)}
    text = str(st.session_state.get(_TEXT) or "").strip()
    said[SEARCH] = searches.keep(text) if text else ""
    for name in ("view", "lang"):
        said[name] = st.query_params.get(name, "")
    st.query_params.from_dict({name: value for name, value in said.items() if value})
