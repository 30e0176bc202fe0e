"""The part of a plan that a person decides on: new editions, bad pages, licences, questions, answers concerned.

Every list is bounded and says how many more there are; ``--json`` has them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from ragmed.changes import ChangeKind, QuestionKind, Side
from ragmed.terminal.screen import clean, clean_line, console_for, typed

if TYPE_CHECKING:
    from rich.text import Text

    from ragmed.changes import EditionChange, LicenceNotice, OpenQuestion, PieceChange, QuarantinedPage, WordRun
    from ragmed.index.report import BuildReport

MOST = 12
"""Lines of one kind."""
_LONGEST = 300
_T = TypeVar("_T")


def print_plan(report: BuildReport) -> None:
    """Everything of a report that a person should look at beside the files."""
    console = console_for()
    for change in report.editions:
        print_edition(change)
    held = [page for page in report.quarantine if page.holds]
    if held:
        console.print(f"\n{_count(len(held), 'page')} in quarantine, no evidence until accepted:", style="bold")
        for line in _bounded([*_pages(held)]):
            console.print(line)
    waiting = [notice for notice in report.licences if not notice.permission]
    if waiting:
        console.print(
            f"\n{_count(len({one.document_id for one in waiting}), 'document')} held by licence:", style="bold"
        )
        for line in _bounded([line for notice in waiting for line in _licence(notice)]):
            console.print(line)
    if report.questions:
        console.print("\nOnly you can tell:", style="bold")
        for number, question in enumerate(report.questions[:MOST], start=1):
            console.print(f"{number:>3}. {clean_line(question.text)}")
            for line in _answers(question):
                console.print(f"     {line}", style="dim")
        _more(len(report.questions))
    if report.impact:
        answers = len({one.record_id for one in report.impact})
        console.print(f"\n{_count(answers, 'recorded answer')} cite words that this changes:", style="bold")
        for one in report.impact[:MOST]:
            console.print(
                f"  {clean(one.record_id)[:8]} ({one.asked_at[:10]}) {one.kind.value}: {clean_line(one.title)}, page "
                f"{one.page_number}: “{clean(one.quote)[:_LONGEST]}”"
            )
            if one.now is not None:
                console.print(f"           now, page {clean(one.now.page_label)}: “{clean(one.now.text)[:_LONGEST]}”")
        _more(len(report.impact))


def print_edition(change: EditionChange) -> None:
    """What a newer edition says otherwise, by section; weighty changes are marked."""
    console = console_for()
    old, new = (clean(one.edition or one.published_on or "undated") for one in (change.old, change.new))
    counts = ", ".join(f"{change.count(kind)} {kind.value}" for kind in ChangeKind)
    console.print(f"\n{clean_line(change.new.title)}: {old} → {new}", style="bold")
    console.print(f"{counts}, {change.same} the same. ! marks changed numbers, doses, denials, strengths.", style="dim")
    shown = 0
    for section in change.sections:
        if shown >= MOST * 2:
            break
        console.print(f"  {clean(' › '.join(section.heading_path)) or 'without heading'}", style="underline")
        for piece in section.changes:
            console.print(_piece(piece))
        shown += len(section.changes)
    _more(sum(len(section.changes) for section in change.sections), shown)


def _piece(change: PieceChange) -> Text:
    from rich.text import Text

    sign = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}[change.kind]
    line = Text(f"  {'!' if change.weighty else ' '} {sign} ")
    if change.kind is ChangeKind.ADDED and change.new:
        line.append(clean(change.new.text), style="green")
    elif change.kind is ChangeKind.REMOVED and change.old:
        line.append(clean(change.old.text), style="red")
    else:
        for run in change.words:
            _append(line, run)
    place = change.new or change.old
    if place is not None:
        line.append(f"  (page {clean(place.page_label)})", style="dim")
    return line


def words_of(runs: Sequence[WordRun]) -> Text:
    """Old and new words in one line, marked."""
    from rich.text import Text

    line = Text()
    for run in runs:
        _append(line, run)
    return line


def _append(line: Text, run: WordRun) -> None:
    """Marks that can be read without colour too."""
    text = clean(run.text)
    if run.side is Side.OLD:
        line.append(f"[-{text.strip()}-]", style="red strike")
        line.append(" " if text.endswith(" ") else "")
    elif run.side is Side.NEW:
        line.append(f"{{+{text.strip()}+}}", style="green")
        line.append(" " if text.endswith(" ") else "")
    else:
        line.append(text)


def _pages(pages: Sequence[QuarantinedPage]) -> Iterator[str]:
    by_file: dict[str, list[QuarantinedPage]] = {}
    for page in pages:
        by_file.setdefault(page.source_path, []).append(page)
    for path, found in by_file.items():
        numbers = ",".join(str(page.page_number) for page in found)
        kinds = ", ".join(dict.fromkeys(kind.value.replace("_", " ") for page in found for kind in page.kinds))
        yield f"  {clean_line(path)}, page {numbers}: {kinds}"
        yield f"     look at them, then: ragmed library accept {typed(path)} --pages {numbers}"


def _licence(notice: LicenceNotice) -> Iterator[str]:
    place = f"{clean_line(notice.source_path)}, page {notice.page_number} ({notice.kind.value})"
    yield f"  {place}: “{clean(notice.words)}”"
    yield f'     if it is permitted: ragmed library permit {typed(notice.source_path)} --reference "…"'


def _answers(question: OpenQuestion) -> Iterator[str]:
    paths = [typed(path) for path in question.source_paths]
    if question.kind is QuestionKind.SAME_SERIES:
        yield f"two guidelines:  ragmed library distinct {' '.join(paths)}"
        yield f"one guideline:   ragmed library edition {paths[0]} --series {clean(question.series[-1])}"
    else:
        yield f"say which:       ragmed library edition {paths[0]} --series … --edition … --date …"
        yield f"two guidelines:  ragmed library distinct {' '.join(paths)}"


def _bounded(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[: 2 * MOST]
    if len(lines) > 2 * MOST:
        yield f"     and more; see --json ({len(lines) - 2 * MOST} lines)"


def _more(count: int, shown: int = MOST) -> None:
    if count > shown:
        console_for().print(f"     {count - shown} more; see --json", style="dim")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
