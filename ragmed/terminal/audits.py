"""What an auditor sees: answers in a list, one of them opened, proofs, replays, what a newer edition changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.adapters.pinned import pinned_name
from ragmed.canonical import plain
from ragmed.entries import EntryKind, WorthToday
from ragmed.terminal.answers import answer_json, print_answer
from ragmed.terminal.plans import words_of
from ragmed.terminal.screen import clean, console_for, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from ragmed.auditor import Opened
    from ragmed.changes import AnswerImpact
    from ragmed.entries import Checkpoint, Pruned, RecordLine, Replay, Verification
    from ragmed.records import AnswerRecord

_QUESTION_WIDTH = 100
_NO_ANSWER = "No answer has been recorded here. Ask a question first, or name another folder with --index."
_DAMAGED = "its content does not open; run `ragmed audit verify`"
_WORTH = {
    WorthToday.SAID: "still said today",
    WorthToday.CHANGED: "changed",
    WorthToday.GONE: "no longer said",
    WorthToday.WITHDRAWN: "withdrawn, and nothing has replaced it",
    WorthToday.UNKNOWN: "cannot be compared: the snapshot has been collected, or none is published",
}


def print_answers(lines: Sequence[RecordLine], *, entries: int, limit: int, as_json: bool) -> None:
    """A line an answer: number, time, who, outcome, verdicts; under it the question."""
    if as_json:
        print_json({"entries": entries, "answers": list(lines)})
        return
    console = console_for()
    if not entries:
        console.print(_NO_ANSWER)
    elif not lines:
        console.print("No answer fits all of that. Leave a filter out.")
    for line in lines:
        verdicts = ", ".join(f"{count} {verdict}" for verdict, count in line.verdicts) or "no citation"
        said = "".join(f" · said: {one.value}" for one in line.feedback)
        who = clean(line.user) or "unnamed"
        console.print(f"{line.number:>6}  {line.record_id}  {line.at}  {who}  {line.outcome.value} · {verdicts}{said}")
        words = _DAMAGED if line.damaged else f"erased {line.erased}" if line.erased else _short(line.question)
        console.print(f"        {words}", style="dim")
    if len(lines) == limit and lines[-1].number > 1:
        console.print(f"Older ones: --before {lines[-1].number}", style="dim")


def print_opened(opened: Opened, *, as_json: bool) -> None:
    """The answer as it was shown, how it came about, what the log says of it, what it is worth today."""
    if as_json:
        print_json(_opened_json(opened))
        return
    console = console_for()
    if opened.record is None:
        console.print(f"answer {opened.record_id}: its content was erased", style="bold")
    else:
        console.print(clean(opened.record.question), style="bold")
        print_answer(opened.record)
        _print_provenance(console, opened.record)
    _print_today(console, opened)
    console.print("\nThe log", style="bold")
    for entry in opened.entries:
        console.print(f"  {entry.number:>6}  {entry.at}  {entry.kind.value} by {clean(entry.user) or 'unnamed'}")
        if entry.kind is EntryKind.ERASURE and opened.erasure:
            console.print(f"          reason: {clean(opened.erasure.reason)}")
    for one in opened.feedback:
        where = f" [{clean(one.citation_key)}]" if one.citation_key else ""
        console.print(f"  {one.kind.value}{where}, {clean(one.user)}: {clean(one.note) or '(no note)'}")
        if one.correction:
            console.print(f"    as it should read: {clean(one.correction)}")


def _opened_json(opened: Opened) -> dict[str, object]:
    return {
        "record_id": opened.record_id,
        "answer": answer_json(opened.record) if opened.record else None,
        "record": plain(opened.record),
        "entries": list(opened.entries),
        "feedback": list(opened.feedback),
        "erasure": opened.erasure,
        "today": list(opened.today),
    }


def _print_provenance(console: Console, record: AnswerRecord) -> None:
    generation = record.generation
    console.print("\nHow it came about", style="bold")
    console.print(f"  asked {record.asked_at} by {clean(record.user) or 'an unnamed user'}, {record.language.value}")
    console.print(f"  program {record.code_version or 'unknown'}, settings {record.settings_sha256[:12] or 'unknown'}")
    model = " · ".join(
        part
        for part in (
            generation.kind,
            generation.model_id,
            generation.revision and f"revision {generation.revision}",
            generation.adapter_sha256 and f"adapter {generation.adapter_sha256[:12]}",
            generation.quantisation,
            f"seed {generation.seed}" if generation.seed is not None else "",
            generation.sampling,
        )
        if part
    )
    console.print(f"  written by {clean(model)}; {'a prompt is kept' if record.prompt else 'no prompt: quotes only'}")
    for one in (generation, *([record.refused.generation] if record.refused else [])):
        if name := pinned_name(record, one):
            console.print(
                f"  adapter {(one.adapter_sha256 or '')[:12]} was named in model.adapter ({clean(name)}), past the gate"
            )
    console.print(f"  snapshot {record.snapshot_id}, coverage {record.retrieval.coverage:.3f}; found:")
    for passage in sorted(record.retrieval.passages, key=lambda one: one.hit.rank):
        parts = ", ".join(f"{part.name} {part.score:.3f} (#{part.rank})" for part in passage.hit.parts)
        console.print(f"    {passage.hit.rank}. {passage.hit.chunk_id}  {passage.hit.score:.3f}  {parts}", style="dim")


def _print_today(console: Console, opened: Opened) -> None:
    if not opened.today:
        return
    console.print("\nToday", style="bold")
    for one in {one.key: one for one in opened.today}.values():
        newer = f" in {clean(one.new_edition) or 'the newer edition'}" if one.new_document_id else ""
        console.print(f"  [{one.key}] {_WORTH[one.worth]}{newer}")
        if one.words:
            console.print("     ", words_of(one.words))


def print_proof(found: Verification, *, deep: bool, citations: bool, as_json: bool) -> None:
    """What was checked, what does not check, and one sentence."""
    if as_json:
        print_json(plain(found) | {"sound": found.sound})
        return
    console = console_for()
    console.print(
        f"log          {found.entries:,} entries: {found.answers:,} answers, {found.feedback:,} of feedback, "
        f"{found.reviews:,} reviews, {found.erasures:,} erased; root {found.root[:16] or 'none'}"
    )
    if found.adapters:
        console.print(
            f"adapters     {found.adapters:,} changes, {found.overridden:,} promotions and exports without the gate"
        )
    console.print(f"checkpoints  {found.checkpoints:,}")
    if citations:
        how = "page, source file and source read again" if deep else "page and source file"
        console.print(f"citations    {found.citations:,} against {how}; {found.unchecked_citations:,} not checked")
    for note in found.notes:
        console.print(f"note   {clean(note)}")
    for fault in found.faults:
        where = f"entry {fault.number}, " if fault.number else ""
        console.print(f"FAULT  {fault.what}: {where}{clean(fault.subject)}: {clean(fault.message)}")
    if found.faults:
        console.print(f"{len(found.faults):,} faults: what is named above is not as it was written.", style="bold")
    elif not found.entries:
        console.print(_NO_ANSWER)
    else:
        told = " All that was not checked is noted above." if found.notes else ""
        console.print(f"Everything that was checked is as it was written ({found.seconds:.1f} s).{told}", style="bold")


def print_replays(replays: Sequence[Replay], *, as_json: bool) -> None:
    """What differs in each, then one sentence."""
    if as_json:
        print_json([plain(one) | {"same": one.same} for one in replays])
        return
    console = console_for()
    for one in replays:
        if one.same:
            console.print(f"{one.record_id}  the same hits, the same text (snapshot {one.snapshot_id})")
        elif not one.asked:
            console.print(f"{one.record_id}  cannot be asked again here", style="bold")
        else:
            hits, text = ("the same" if same else "OTHER" for same in (one.same_hits, one.same_text))
            console.print(f"{one.record_id}  hits {hits}, text {text} (snapshot {one.snapshot_id})", style="bold")
        for difference in one.differences:
            console.print(f"    {difference.part}: {clean(difference.recorded)}")
            console.print(f"    {' ' * len(difference.part)}→ {clean(difference.replayed)}")
            console.print(f"      why: {clean(difference.reason) or 'nothing that the record tells is other'}")
        for note in one.notes:
            console.print(f"    note: {clean(note)}", style="dim")
    same = sum(one.same for one in replays)
    other = len(replays) - same
    result = "all the same, bit for bit" if not other else f"{same:,} the same, {other:,} not"
    console.print(f"{len(replays):,} asked again: {result}.")


def print_affected(name: str, affected: Sequence[AnswerImpact], *, as_json: bool) -> None:
    """Answer by answer, the quotes that are no longer said so."""
    if as_json:
        print_json({"name": name, "affected": list(affected)})
        return
    console = console_for()
    by_answer: dict[str, list[AnswerImpact]] = {}
    for one in affected:
        by_answer.setdefault(one.record_id, []).append(one)
    for record_id, quotes in by_answer.items():
        console.print(f"{record_id}  {quotes[0].asked_at}", style="bold")
        for one in quotes:
            edition = f" {clean(one.edition)}" if one.edition else ""
            now = f" → {clean(one.new_edition) or one.new_document_id}" if one.new_document_id else ""
            console.print(f"  {one.kind.value}: {clean(one.title)}{edition}, page {one.page_number}{now}")
            console.print("   ", words_of(one.words) if one.words else clean(one.quote))
    if not by_answer:
        console.print(f"{clean(name)}: whatever recorded answers quote is still said.")
    else:
        quotes_said = sum(map(len, by_answer.values()))
        console.print(f"{clean(name)}: {quotes_said:,} quotes in {len(by_answer):,} answers are no longer said so.")


def print_checkpoint(checkpoint: Checkpoint, *, as_json: bool) -> None:
    """The signed note as it was written."""
    if as_json:
        print_json(
            {
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
                "note": checkpoint.note,
            }
        )
        return
    console_for().print(clean(checkpoint.note), end="")


def print_pruned(pruned: Pruned, *, days: int, as_json: bool) -> None:
    """What went or would go."""
    if as_json:
        print_json(pruned)
        return
    console = console_for()
    for record_id in pruned.record_ids:
        console.print(f"{'would erase' if pruned.dry_run else 'erased':>12}  {record_id}")
    done = "would be erased; add --yes" if pruned.dry_run and pruned.record_ids else "erased"
    console.print(f"{len(pruned.record_ids):,} answers from before {pruned.before} ({days} days) {done}.")


def _short(text: str) -> str:
    line = " ".join(clean(text).split())
    if not line:
        return "(an empty question)"
    return line if len(line) <= _QUESTION_WIDTH else line[: _QUESTION_WIDTH - 1] + "…"
