"""Writes a digest as one self-contained HTML file, or as plain Markdown. Neither names anything outside itself."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from press.markup import (
    CANNOT_MISS,
    Block,
    Box,
    Digest,
    Heading,
    Items,
    Paragraph,
    Table,
    facts_line,
    split_label,
    split_strong,
    words,
)

STYLE = """
body { margin: 0 auto; max-width: 46rem; padding: 1.5rem; color: #1c2530; background: #fff;
  font: 1rem/1.55 "DejaVu Sans", "Noto Sans CJK SC", "Microsoft YaHei", Arial, sans-serif; }
h1, h2, th, .label { color: #0b5563; } h1 { line-height: 1.25; margin-bottom: .2rem; }
h2 { margin-top: 1.8rem; border-bottom: 1px solid #9fb1b8; } h3 { margin: 1.2rem 0 .2rem; }
.facts, .subtitle, caption, footer { color: #5a6772; } .mark, .alarm { color: #a31621; font-weight: bold; }
.alarm { margin: 0; } table { border-collapse: collapse; width: 100%; margin: 1rem 0; font-size: .93rem; }
caption { text-align: left; font-weight: bold; padding-bottom: .3rem; }
th, td { border: 1px solid #9fb1b8; padding: .3rem .5rem; text-align: left; vertical-align: top; }
th { background: #e8f3f1; } aside { padding: .5rem 1rem; border-left: 4px solid #0b5563; background: #e8f3f1; }
aside.red { border-color: #a31621; background: #fbeceb; } aside.note { border-color: #9a8437; background: #f3f1e7; }
aside > p:first-child { font-weight: bold; margin: .2rem 0; } li { margin: .25rem 0; }
@media print { body { max-width: none; } aside, table { break-inside: avoid; } }
""".strip()


def render_html(digest: Digest) -> bytes:
    """The HTML of `digest`; the mark stands at the head, at the foot, and before every section."""
    language = {"en": "en-GB", "zh": "zh-CN"}[digest.language]
    facts = {"publisher": digest.publisher, "series": digest.series, "edition": digest.edition, "date": digest.date}
    metas = "".join(f'<meta name="{key}" content="{escape(value)}">\n' for key, value in facts.items())
    mark = f'<p class="mark">{escape(digest.mark)}</p>'
    subtitle = f'<p class="subtitle">{escape(digest.subtitle)}</p>\n' if digest.subtitle else ""
    sources = "".join(f"<li>{escape(source)}</li>\n" for source in digest.sources)
    page = f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(digest.title)}</title>
{metas}<style>
{STYLE}
</style>
</head>
<body>
<header>
{mark}
<h1>{escape(digest.title)}</h1>
{subtitle}<p class="facts">{escape(facts_line(digest))}</p>
</header>
<main>
{_html(digest.blocks)}<h2>{words(digest)["sources"]}</h2>
<ul>
{sources}</ul>
</main>
<footer>
{mark}
</footer>
</body>
</html>
"""
    return page.encode()


def _html(blocks: Sequence[Block]) -> str:
    parts: list[str] = []
    for block in blocks:
        match block:
            case Heading(level=level, text=text):
                parts.append(f"<h{level}>{escape(text)}</h{level}>\n")
            case Paragraph(text=text):
                alarm = ' class="alarm"' if text in CANNOT_MISS else ""
                parts.append(f"<p{alarm}>{_inline_html(text)}</p>\n")
            case Items(texts=texts, ordered=ordered):
                tag = "ol" if ordered else "ul"
                lines = "".join(f"<li>{_inline_html(text)}</li>\n" for text in texts)
                parts.append(f"<{tag}>\n{lines}</{tag}>\n")
            case Table(caption=caption, rows=rows):
                lines = "".join(f"<tr>{''.join(_cell(c, 'td') for c in row)}</tr>\n" for row in rows[1:])
                head = "".join(_cell(cell, "th") for cell in rows[0])
                title = f"<caption>{escape(caption)}</caption>\n" if caption else ""
                parts.append(f"<table>\n{title}<thead><tr>{head}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>\n")
            case Box(kind=kind, title=title, blocks=inner):
                parts.append(f'<aside class="{kind}">\n<p>{escape(title)}</p>\n{_html(inner)}</aside>\n')
            case _:
                raise ValueError(f"this layout turns its own pages: {block}")
    return "".join(parts)


def _cell(text: str, tag: str) -> str:
    return f"<{tag}>{_inline_html(text)}</{tag}>"


def _inline_html(text: str) -> str:
    label, rest = split_label(text)
    head = f'<strong class="label">{escape(label)}</strong> ' if label else ""
    runs = (f"<strong>{escape(run)}</strong>" if strong else escape(run) for run, strong in split_strong(rest))
    return head + "".join(runs)


def render_markdown(digest: Digest) -> bytes:
    """The Markdown of `digest`; a box becomes a bold line with its list, the mark opens and closes the text."""
    lines = [f"# {digest.title}", "", f"**{digest.mark}**", ""]
    if digest.subtitle:
        lines += [digest.subtitle, ""]
    lines += [facts_line(digest), ""]
    lines += _markdown(digest.blocks)
    lines += [f"## {words(digest)['sources']}", "", *(f"- {source}" for source in digest.sources), ""]
    lines += [f"**{digest.mark}**", ""]
    return "\n".join(lines).encode()


def _markdown(blocks: Sequence[Block]) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        match block:
            case Heading(level=level, text=text):
                lines += [f"{'#' * level} {text}", ""]
            case Paragraph(text=text):
                lines += [text, ""]
            case Items(texts=texts, ordered=ordered):
                lines += [f"{f'{n}.' if ordered else '-'} {text}" for n, text in enumerate(texts, start=1)] + [""]
            case Table(caption=caption, rows=rows):
                lines += [f"**{caption}**", ""] if caption else []
                drawn = [f"| {' | '.join(row)} |" for row in rows]
                lines += [drawn[0], "|" + "---|" * len(rows[0]), *drawn[1:], ""]
            case Box(title=title, blocks=inner):
                lines += [f"**{title}**", "", *_markdown(inner)]
            case _:
                raise ValueError(f"this layout turns its own pages: {block}")
    return lines
