"""A recorded answer as one page of HTML, for whoever opens a bundle: what was shown, and how each part was judged.

Laws of this room: everything of the record is escaped; no script, no style from elsewhere, no network (the page's own
policy forbids it); it says nothing that the record does not say. In English or Chinese, as the question was.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from ragmed.citation_keys import keys_of, page_label
from ragmed.conflict_sides import conflict_sides
from ragmed.records import Language, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ragmed.entries import Feedback
    from ragmed.records import AnswerRecord, Candidate, Document, Finding

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#212529}"
    "h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}blockquote{margin:.3rem 0;padding-left:.8rem;"
    "border-left:3px solid #b05600}.small{color:#5c636a;font-size:.9rem}.bad{color:#a4161a}img{max-width:100%}"
)
_POLICY = "default-src 'none'; img-src 'self' data: file:; style-src 'unsafe-inline'"
_ENGLISH = {
    "asked": "Asked",
    "by": "by",
    "answer": "Answer",
    "abstained": "The library does not cover this question",
    "rejected": "No answer was given",
    "conflict": "Two guidelines differ",
    "newer": "newer",
    "no_date": "date not known",
    "differential": "Differential",
    "miss": "can't miss",
    "for": "for",
    "against": "against",
    "next": "next tests",
    "case": "This case",
    "none": "no source in the library",
    "sources": "Sources",
    "page": "page",
    "licence": "licence",
    "withheld": "Withheld: not shown as part of the answer",
    "feedback": "Feedback by doctors, later",
    "made": "How it was made",
    "notice": "Made from record/content.json, which is the evidence; this page is for reading.",
}
_CHINESE = {
    "asked": "提问时间",
    "by": "提问者",
    "answer": "回答",
    "abstained": "知识库未涵盖此问题",
    "rejected": "未给出回答",
    "conflict": "两份指南说法不一",
    "newer": "较新",
    "no_date": "发布日期不详",
    "differential": "鉴别诊断",
    "miss": "不可漏诊",
    "for": "支持",
    "against": "不支持",
    "next": "下一步检查",
    "case": "本病例",
    "none": "知识库中无来源",
    "sources": "来源",
    "page": "页",
    "licence": "许可",
    "withheld": "未作为回答显示的内容",
    "feedback": "医生的后续反馈",
    "made": "生成方式",
    "notice": "由 record/content.json 生成；该文件为证据，本页仅供阅读。",
}


def answer_html(record: AnswerRecord, feedback: Sequence[Feedback], files: frozenset[str]) -> bytes:
    """The page; pictures and PDFs are linked where ``files`` (the bundle's names) has them."""
    words = _CHINESE if record.language is Language.CHINESE else _ENGLISH
    language = "zh" if record.language is Language.CHINESE else "en"
    body = "\n".join(
        [
            f"<h1>{_text(record.question)}</h1>",
            _paragraph(f"{words['asked']} {record.asked_at} · {words['by']} {record.user or '–'}", "small"),
            *_answer(record, words),
            *_conflicts(record, words),
            *_differential(record, words),
            *_sources(record, words, files),
            *_withheld(record, words),
            *_feedback(feedback, words),
            *_made(record, words),
        ]
    )
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{_text(record.record_id)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    ).encode()


def _answer(record: AnswerRecord, words: dict[str, str]) -> Iterator[str]:
    yield f"<h2>{words['answer' if record.outcome is Outcome.ANSWERED else record.outcome.value]}</h2>"
    if record.notice:
        yield _paragraph(record.notice, "small")
    if record.outcome is not Outcome.ANSWERED:
        return
    keys = keys_of(record)
    for number, claim in enumerate(record.claims):
        own = dict.fromkeys(
            f"[{key}]" if check.verdict.holds else f"[{key} {check.verdict.value}]"
            for key, check in zip(keys, record.checks, strict=True)
            if check.citation.claim == number
        )
        yield _paragraph(" ".join([claim.text, *own]))


def _conflicts(record: AnswerRecord, words: dict[str, str]) -> Iterator[str]:
    for pair in conflict_sides(record) if record.outcome is Outcome.ANSWERED else ():
        yield f"<h2>{words['conflict']}</h2>"
        for side in pair:
            date = side.document.published_on or words["no_date"]
            named = (side.document.title, side.document.publisher, side.document.edition, date)
            newer = f" ({words['newer']})" if side.newer else ""
            yield _paragraph(f"[{side.key}] {' · '.join(part for part in named if part)}{newer}")
            said = "".join(
                f"<strong>{_text(piece)}</strong>" if differs else _text(piece) for piece, differs in side.pieces()
            )
            yield f"<blockquote>{said}</blockquote>"


def _differential(record: AnswerRecord, words: dict[str, str]) -> Iterator[str]:
    keys = keys_of(record)
    if record.outcome is not Outcome.ANSWERED:
        return
    if record.differential:
        yield f"<h2>{words['differential']}</h2>\n<ol>"
        for candidate in record.differential:
            yield _candidate(candidate, keys, words)
        yield "</ol>"
    if record.case:
        yield f"<h2>{words['case']}</h2>\n<ul>"
        yield from (f"<li>{_finding(finding, keys, words)}</li>" for finding in record.case)
        yield "</ul>"


def _candidate(candidate: Candidate, keys: Sequence[str], words: dict[str, str]) -> str:
    warning = f" — {words['miss']}" if candidate.cannot_miss else ""
    cited = "" if candidate.citation is None else f" [{keys[candidate.citation]}]"
    parts = [f"<li><strong>{_text(candidate.diagnosis + warning + cited)}</strong><ul>"]
    for name, findings in (
        ("for", candidate.supporting),
        ("against", candidate.against),
        ("next", candidate.next_tests),
    ):
        parts += [f"<li>{words[name]}: {_finding(finding, keys, words)}</li>" for finding in findings]
    return "".join(parts) + "</ul></li>"


def _finding(finding: Finding, keys: Sequence[str], words: dict[str, str]) -> str:
    cited = words["none"] if finding.citation is None else keys[finding.citation]
    return _text(f"{finding.text} [{cited}]")


def _sources(record: AnswerRecord, words: dict[str, str], files: frozenset[str]) -> Iterator[str]:
    documents = {document.document_id: document for document in record.documents}
    shown: set[str] = set()
    if record.checks:
        yield f"<h2>{words['sources']}</h2>"
    for key, check in zip(keys_of(record), record.checks, strict=True):
        if key in shown:
            continue
        shown.add(key)
        citation = check.citation
        place = f"{words['page']} {page_label(record, check)} (PDF {citation.page_number})"
        reason = f" — {check.reason}" if check.reason else ""
        yield _paragraph(f"[{key}] {_described(documents.get(citation.document_id))} · {place}")
        yield f"<blockquote>{_text(citation.quote)}</blockquote>"
        yield _paragraph(f"{check.verdict.value}{reason}", "small" if check.verdict.holds else "bad")
        document = documents.get(citation.document_id)
        if document and (document.licence or document.permission):
            yield _paragraph(f"{words['licence']}: {document.licence or '–'} {document.permission}", "small")
        links = [
            f'<a href="{escape(name)}">{escape(name)}</a>'
            for name in (f"pictures/{key}.png", f"pages/{citation.document_id}-p{citation.page_number}.pdf")
            if name in files
        ]
        yield f'<p class="small">{" · ".join(links)}</p>' if links else ""


def _described(document: Document | None) -> str:
    if document is None:
        return "–"
    parts = (document.title, document.publisher, document.edition, document.published_on, document.status.value)
    return " · ".join(part for part in parts if part)


def _withheld(record: AnswerRecord, words: dict[str, str]) -> Iterator[str]:
    if record.withheld:
        yield f"<h2>{words['withheld']}</h2>"
    for one in record.withheld:
        yield _paragraph(f"{one.text} ({one.verdict.value}: {one.reason})", "bad")


def _feedback(feedback: Sequence[Feedback], words: dict[str, str]) -> Iterator[str]:
    if feedback:
        yield f"<h2>{words['feedback']}</h2>"
    for one in feedback:
        cited = f" [{one.citation_key}]" if one.citation_key else ""
        said = " — ".join(part for part in (one.correction, one.note) if part)
        yield _paragraph(f"{one.at} · {one.user or '–'} · {one.kind.value}{cited} {said}")


def _made(record: AnswerRecord, words: dict[str, str]) -> Iterator[str]:
    made = record.generation
    facts = (
        f"record {record.record_id}",
        f"snapshot {record.snapshot_id}",
        f"{made.kind} {made.model_id} {made.revision}",
        f"adapter {made.adapter_sha256}" if made.adapter_sha256 else "",
        made.quantisation,
        made.sampling,
        "" if made.seed is None else f"seed {made.seed}",
        f"ragmed {record.code_version}" if record.code_version else "",
        f"settings {record.settings_sha256}" if record.settings_sha256 else "",
        f"{record.timings_ms.total:.0f} ms",
    )
    yield f"<h2>{words['made']}</h2>"
    yield _paragraph(" · ".join(fact.strip() for fact in facts if fact.strip()), "small")
    yield _paragraph(words["notice"], "small")


def _paragraph(text: str, kind: str = "") -> str:
    return f'<p class="{kind}">{_text(text)}</p>' if kind else f"<p>{_text(text)}</p>"


def _text(text: str) -> str:
    """Escaped; line breaks stay visible, and characters that turn the direction of writing around show as text."""
    shown = "".join(f"[U+{ord(one):04X}]" if one in _TURNING else one for one in text)
    return escape(shown).replace("\n", "<br>")


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00")
