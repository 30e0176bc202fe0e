"""Notices that restrict a document's use are found, and what only looks like one is not."""

from __future__ import annotations

import pytest

from ragmed.changes import RestrictionKind
from ragmed.corpus.licence_notices import licence_notes, licence_notices_of
from ragmed.records import Block, BlockKind, NoteKind, Page
from tests.index.support import reading

AI, MINING, COMMERCIAL = RestrictionKind.AI, RestrictionKind.MINING, RestrictionKind.COMMERCIAL


def page(text: str, number: int = 1, kind: BlockKind | None = None) -> Page:
    blocks = () if kind is None else (Block(start=0, end=len(text), kind=kind),)
    return Page(document_id="d-1", number=number, label=str(number), text=text, blocks=blocks)


def kinds(text: str) -> set[RestrictionKind]:
    notes = licence_notes([page(text)])
    assert all(note.kind is NoteKind.LICENCE and note.page_number == 1 for note in notes)
    return {RestrictionKind(note.message.partition(": ")[0]) for note in notes}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "© 2026 The Network. These guidelines and illustrations may not be reproduced in any form, nor be used with "
            "any artificial intelligence tool or model, without the express written permission of the Network.",
            {AI},
        ),
        ("This content must not be uploaded to or entered into large language models without our consent.", {AI}),
        ("Use of this document to train AI systems is prohibited.", {AI}),
        (
            "No part of this publication may be used in any manner for the purpose of training machine learning models.",
            {AI},
        ),
        (
            "All rights are reserved, including those for text and data mining, AI training, and similar technologies.",
            {AI, MINING},
        ),
        (
            "The publisher reserves the right of text and data mining under Article 4 of Directive (EU) 2019/790.",
            {MINING},
        ),
        ("Text and data mining of this work is not permitted.", {MINING}),
        ("Some rights reserved. This work is available under the CC BY-NC-SA 3.0 IGO licence.", {COMMERCIAL}),
        ("https://creativecommons.org/licenses/by-nc/4.0/", {COMMERCIAL}),
        ("Creative Commons Attribution-NonCommercial 4.0 International", {COMMERCIAL}),
        ("The guideline may be copied for non-commercial use within your organisation.", {COMMERCIAL}),
        ("It may be reproduced for personal, non-commercial purposes only.", {COMMERCIAL}),
        ("This guideline may not be used for commercial purposes.", {COMMERCIAL}),
        ("Commercial use of this material requires written permission.", {COMMERCIAL}),
        ("本指南仅供非商业用途使用，版权归学会所有。", {COMMERCIAL}),
        ("未经书面许可，本指南内容不得用于人工智能模型的训练。", {AI}),
        ("未经授权不得对本出版物进行文本与数据挖掘。", {MINING}),
    ],
)
def test_notices_are_found(text: str, expected: set[RestrictionKind]) -> None:
    assert kinds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Artificial intelligence may not improve the diagnosis of nodules in patients without a radiologist.",
        "Do not use machine learning scores to decide on antibiotics; the accuracy in children is restricted.",
        "We used data mining of hospital records to find patients; restricted cubic splines were fitted.",
        "Figure 3. Reproduced from Smith 2020 under CC BY-NC 4.0.",
        "Table 2 is adapted from a review available under the Creative Commons Attribution-NonCommercial licence.",
        "Smith J, et al. A licence for non-commercial use only. doi: 10.1000/1",
        "AIDS may not be used as a synonym of HIV infection without a CD4 count.",
        "This work is licensed under the Creative Commons Attribution 4.0 International licence.",
        "This information is not copyrighted. The institute encourages people to share it.",
        "© 2026. All rights reserved.",
        "Commercial assays are used to measure troponin; commercial kits may not agree.",
        "不得使用过期药物。",
        "人工智能辅助诊断在肺结节患者中的应用尚待研究，不推荐常规使用。",
    ],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert kinds(text) == set()


def test_the_page_that_says_it_of_itself_is_named_once() -> None:
    notice = "This publication may not be used with AI tools without permission."
    pages = [
        page("Treat early."),
        page("Not used with AI.", 2),
        page(notice, 3),
        *(page(notice, number, BlockKind.FURNITURE) for number in range(4, 30)),
    ]
    (note,) = licence_notes(pages)
    assert (note.page_number, note.message) == (3, f"ai: {notice}")


def test_a_running_line_in_the_middle_of_a_long_document_is_seen() -> None:
    pages = [page("Treat early.", number) for number in range(1, 60)]
    pages[30] = page("Not for use with AI tools: reproduction not permitted.", 31, BlockKind.FURNITURE)
    assert [note.page_number for note in licence_notes(pages)] == [31]
    pages[30] = page("This text may not be used with AI tools.", 31, BlockKind.PARAGRAPH)
    assert licence_notes(pages) == (), "there it is the matter of the text"


def test_the_words_are_those_of_the_notice_alone() -> None:
    text = "Giant cell arteritis\nThis guideline may not be used with AI tools.\nGive prednisolone 60 mg."
    blocks = tuple(
        Block(start=text.index(line), end=text.index(line) + len(line), kind=BlockKind.PARAGRAPH)
        for line in text.split("\n")
    )
    whole = Page(document_id="d-1", number=1, label="1", text=text, blocks=blocks)
    assert [note.message for note in licence_notes([whole])] == ["ai: This guideline may not be used with AI tools."]


def test_a_caption_is_about_a_picture() -> None:
    assert licence_notes([page("Licensed CC BY-NC.", kind=BlockKind.CAPTION)]) == ()


def test_notes_become_notices_with_their_permission() -> None:
    document = reading("a.txt", ["Give 5 mg."]).document
    assert document
    notes = licence_notes([page("This work may be used for non-commercial purposes only.")])
    (notice,) = licence_notices_of(document, notes, "letter 113 (Dr Li, 2026-11-25)")
    assert (notice.kind, notice.page_number, notice.permission) == (COMMERCIAL, 1, "letter 113 (Dr Li, 2026-11-25)")
    assert notice.words == "This work may be used for non-commercial purposes only."
    assert licence_notices_of(document, (), "") == ()
