"""Pages whose lines go up over their own column are said to be out of order; columns and boxes beside the text are not."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ragmed.corpus.odd_order import odd_order_notes
from ragmed.records import Block, BlockKind, NoteKind, Page


def page(places: Sequence[tuple[int, int]], kinds: Sequence[BlockKind] = (), width: int = 200) -> Page:
    """Lines of ten letters at (left, top) in points, in the order given."""
    lines = [f"line {number:05}" for number in range(len(places))]
    text = "\n".join(lines)
    boxes, blocks, start = b"", [], 0
    for number, ((left, top), line) in enumerate(zip(places, lines, strict=True)):
        step = width / len(line)
        boxes += b"".join(
            struct.pack("<4H", *(round(10 * x) for x in (left + i * step, top, left + (i + 1) * step, top + 10)))
            for i in range(len(line))
        )
        boxes += bytes(8) if number + 1 < len(lines) else b""
        kind = kinds[number] if kinds else BlockKind.PARAGRAPH
        blocks.append(Block(start=start, end=start + len(line), kind=kind))
        start += len(line) + 1
    return Page(
        document_id="d-1", number=3, label="3", text=text, boxes=boxes, width=600, height=800, blocks=tuple(blocks)
    )


DOWN = [(50, 20 * number) for number in range(1, 11)]


def test_down_the_page_and_down_the_next_column_is_in_order() -> None:
    assert odd_order_notes([page(DOWN), page([*DOWN, *((300, top) for _, top in DOWN)])]) == ()


def test_lines_that_jump_up_their_own_column_are_out_of_order() -> None:
    shuffled = [DOWN[place] for place in (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)]
    (note,) = odd_order_notes([page(shuffled)])
    assert (note.kind, note.page_number) == (NoteKind.ODD_ORDER, 3)
    assert "4 of 10 lines" in note.message


def test_one_box_set_between_is_no_reason() -> None:
    assert odd_order_notes([page([*DOWN[:5], (50, 300), (50, 320), *DOWN[5:]])]) == ()


def test_tables_and_furniture_have_an_order_of_their_own() -> None:
    shuffled = [DOWN[place] for place in (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)]
    for kind in (BlockKind.TABLE_ROW, BlockKind.FURNITURE):
        assert odd_order_notes([page(shuffled, [kind] * 10)]) == ()


def test_without_geometry_nothing_is_said() -> None:
    assert odd_order_notes([Page(document_id="d-1", number=1, label="1", text="a\nb\n" * 30)]) == ()
