"""Snapshots: the list, one of them, its verification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragmed.terminal.plans import print_edition
from ragmed.terminal.screen import clean, clean_line, console_for, describe, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ragmed.index.collect import Collection
    from ragmed.index.register import Register
    from ragmed.index.snapshot import Snapshot
    from ragmed.index.snapshot_diff import SnapshotDifference
    from ragmed.index.store import SnapshotSummary, Verification


def print_snapshots(summaries: Sequence[SnapshotSummary], *, as_json: bool) -> None:
    """Snapshots, newest first, the current one marked, with their rollbacks."""
    if as_json:
        print_json(list(summaries))
        return
    console = console_for()
    if not summaries:
        console.print("No snapshot yet. Run `ragmed index`.")
    for one in summaries:
        mark = "*" if one.current else " "
        size = f"{one.documents} documents, {one.pages} pages, {one.chunks} chunks, {one.refused} files refused"
        said = f"{one.published_at}  {size}" if one.published_at else f"{one.embedder}, cannot be opened by this one"
        who = f", by {clean(one.by)}" if one.by else ""
        console.print(f"{mark} {one.snapshot_id}  {said}{who}")
        for move in one.rollbacks:
            who = f" by {clean(move.by)}" if move.by else ""
            why = f": {clean(move.why)}" if move.why else ""
            console.print(f"    rollback {move.at} from {move.before}{who}{why}", style="dim")


def print_snapshot(snapshot: Snapshot, *, as_json: bool) -> None:
    """What a snapshot holds, document by document, and what could not be read."""
    manifest = snapshot.manifest
    documents = snapshot.documents()
    if as_json:
        print_json(
            {
                "snapshot_id": snapshot.snapshot_id,
                "published_at": snapshot.published_at,
                "embedder": manifest.embedder,
                "pages": manifest.page_count,
                "chunks": manifest.chunk_count,
                "documents": list(documents),
                "refused": list(manifest.refused),
            }
        )
        return
    console = console_for()
    console.print(f"snapshot {snapshot.snapshot_id}, published {snapshot.published_at}", style="bold")
    console.print(f"embedder {manifest.embedder.name}, {manifest.page_count} pages, {manifest.chunk_count} chunks")
    for document in documents:
        console.print(f"  {describe(document)} · {document.page_count} pages · {clean_line(document.source_path)}")
    for file in manifest.refused:
        reasons = "; ".join(clean(note.message) for note in file.notes)
        console.print(f"  refused: {clean_line(file.source_path)}: {reasons}")


def print_verification(verification: Verification, *, as_json: bool) -> None:
    """Every fault, then the result in one sentence."""
    if as_json:
        print_json(verification)
        return
    console = console_for()
    for fault in verification.faults:
        console.print(f"FAULT {clean(fault)}")
    result = f"{len(verification.faults)} faults" if verification.faults else "every hash agrees"
    console.print(f"Snapshot {verification.snapshot_id}: {verification.files} files re-hashed, {result}.")


def print_register(register: Register) -> None:
    """What librarians decided, a line each."""
    console = console_for()
    for edition in register.editions:
        said = " · ".join(part for part in (edition.edition, edition.published_on) if part)
        state = " · withdrawn" if edition.withdrawn else ""
        console.print(
            f"edition   {clean_line(edition.file)}  {clean(edition.series)}{f' · {clean(said)}' if said else ''}{state}"
        )
    for permission in register.permissions:
        subject = permission.document or f"series {permission.series}"
        console.print(f"permitted {clean(subject)}  {clean(permission.words())}")
    for accepted in register.accepted:
        pages = ", ".join(map(str, accepted.pages))
        console.print(f"accepted  {clean(accepted.document)}  page {pages} ({clean(accepted.by)}, {accepted.on})")
    for distinct in register.distinct:
        console.print(f"distinct  {clean(', '.join(distinct.documents))}  ({clean(distinct.by)}, {distinct.on})")
    if not any((register.editions, register.permissions, register.accepted, register.distinct)):
        console.print("Nothing has been decided by hand.")


def print_difference(difference: SnapshotDifference, *, as_json: bool) -> None:
    """Document by document; then what new editions say."""
    if as_json:
        print_json(difference)
        return
    console = console_for()
    console.print(f"{difference.before} → {difference.after}", style="bold")
    for one in difference.documents:
        fields = f" ({', '.join(one.fields)})" if one.fields else ""
        console.print(
            f"{one.difference.value:>11}  {describe(one.document)} · {clean_line(one.document.source_path)}{fields}"
        )
    if not difference.documents:
        console.print("The same documents, as they were.")
    for name, before, after in (
        ("chunks", difference.chunks_before, difference.chunks_after),
        ("held documents", difference.held_before, difference.held_after),
    ):
        if before != after:
            console.print(f"{name}: {before} → {after}")
    for change in difference.editions:
        print_edition(change)


def print_collection(collection: Collection, *, as_json: bool) -> None:
    """What went or would go, and why the others stay."""
    if as_json:
        print_json(collection)
        return
    console = console_for()
    for name in collection.snapshots:
        console.print(f"{'would remove' if collection.dry_run else 'removed':>12}  {name}")
    for one in collection.kept:
        console.print(f"{'kept':>12}  {one.snapshot_id}: {one.reason}", style="dim")
    done = "Would free" if collection.dry_run else "Freed"
    console.print(
        f"{done} {collection.bytes / 1e6:,.1f} MB: {len(collection.snapshots)} snapshots, "
        f"{collection.segments} segments, {collection.sources} source files."
    )
