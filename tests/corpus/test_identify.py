"""Title, publisher, edition, date, licence and series: from what the pages say, not from what files are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from ragmed.corpus.cover import names_only_a_kind
from ragmed.corpus.dates import find_date
from ragmed.corpus.flow import FlowBlock, paginate
from ragmed.corpus.html import HtmlReader
from ragmed.corpus.identify import Identity, identify, series_of
from ragmed.corpus.library import scan_library
from ragmed.corpus.pdf import PdfReader
from ragmed.corpus.publishers import nccn_topic, nice_number
from ragmed.corpus.raw import FoundMetadata, RawReading
from ragmed.corpus.reading import file_to_read, read_file
from ragmed.records import Block, BlockKind, Language, NoteKind, Page
from tests.corpus.covers import chinese, numbered, panels
from tests.corpus.sheets import column, read, sheet
from tests.corpus.small_files import DOCUMENT_ID, LIMITS


def raw_of(*blocks: tuple[BlockKind, str], metadata: FoundMetadata | None = None) -> RawReading:
    flow = [FlowBlock(kind=kind, text=text, level=1 if kind is BlockKind.HEADING else 0) for kind, text in blocks]
    return RawReading(pages=paginate(flow, DOCUMENT_ID, LIMITS, "x"), notes=(), metadata=metadata or FoundMetadata())


def identity_of(
    *blocks: tuple[BlockKind, str], metadata: FoundMetadata | None = None, path: str = "file_name.html"
) -> Identity:
    return identify(raw_of(*blocks, metadata=metadata), path, trust_metadata_date=True)


H, P, F, CAP = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.FURNITURE, BlockKind.CAPTION


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("metabolic_syndrome_cardiovascular_risk", "Therapeutic Use of Levothyroxine: A Historical Perspective"),
        ("gestational_diabetes_maternal_care", "Administration and Pharmacokinetics of Levothyroxine"),
        ("diabetes_diagnosis_and_classification", "Levothyroxine in Children"),
        ("thyroid_and_endocrine_comorbidities", "Levothyroxine in the Older Patient"),
        ("type2_diabetes_pharmacotherapy_management", "Levothyroxine and Cancer"),
        ("pediatric_and_adolescent_diabetes", "Practical Application of Levothyroxine-Based Therapy"),
    ],
)
def test_titles_come_from_the_page_where_file_names_lie(data: Path, name: str, title: str) -> None:
    reading = read_file(file_to_read(data / "guidelines" / "cc_by" / f"{name}.pdf"), LIMITS)
    assert reading.document is not None
    assert reading.document.title == title
    assert reading.document.licence == "CC BY 4.0"
    assert reading.document.published_on == "2021"
    assert reading.document.publisher == "Springer"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "title", "publisher", "edition", "date"),
    [
        (
            "cdc-dprp-standards-2024",
            "2024 DPRP Standards and Operating Procedures",
            "Centers for Disease Control and Prevention",
            "",
            "2024-06-01",
        ),
        (
            "cdc-outpatient-infection-prevention-2016",
            "Guide to Infection Prevention For Outpatient Settings: Minimum Expectations for Safe Care",
            "Centers for Disease Control and Prevention",
            "Version 2.3",
            "2016-09",
        ),
        (
            "nhlbi-obesity-adults-1998",
            "Clinical Guidelines on the Identification, Evaluation, and Treatment of Overweight and Obesity in Adults: "
            "The Evidence Report",
            "National Heart, Lung, and Blood Institute",
            "",
            "1998-09",
        ),
        (
            "uspstf-lung-draft-bulletin",
            "U.S. Preventive Services Task Force Issues Draft Recommendation Statement on Screening for Lung Cancer",
            "U.S. Preventive Services Task Force",
            "Draft",
            "2020-07-07",
        ),
        (
            "nhlbi-jnc7-hypertension-2004",
            "Seventh Report of the Joint National Committee on Prevention, Detection, Evaluation, and Treatment of High Blood Pressure (JNC7)",
            "National Heart, Lung, and Blood Institute",
            "Seventh Report",
            "2004-08",
        ),
        (
            "fda-diversity-action-plans-draft",
            "Diversity Action Plans to Improve Enrollment of Participants from Underrepresented Populations in Clinical Studies",
            "U.S. Food and Drug Administration",
            "Draft",
            "2024-06",
        ),
    ],
)
def test_federal_documents(data: Path, name: str, title: str, publisher: str, edition: str, date: str) -> None:
    raw = PdfReader().read(data / "guidelines" / "us_gov" / f"{name}.pdf", DOCUMENT_ID, LIMITS)
    found = identify(raw, f"{name}.pdf", trust_metadata_date=False)
    assert found.title.startswith(title)
    assert (found.publisher, found.edition, found.published_on) == (publisher, edition, date)


def test_every_document_of_the_demonstration_library_says_what_it_is(demonstration_library: Path) -> None:
    files = scan_library([demonstration_library]).files
    assert len(files) >= 10
    for file in files:
        path, document = file.path, read_file(file, LIMITS).document
        assert document is not None, path.name
        assert document.publisher == "RagMed demonstration library", path.name
        assert document.edition.startswith("Version "), path.name
        assert document.published_on.startswith("2026-"), path.name
        assert document.language is (Language.CHINESE if "-zh" in path.name else Language.ENGLISH), path.name


def test_two_editions_share_a_series(demonstration_library: Path) -> None:
    one, two = (
        read_file(file_to_read(demonstration_library / f"nsclc-v{n}-2026.pdf"), LIMITS).document for n in (1, 2)
    )
    assert one is not None
    assert two is not None
    assert one.series == two.series
    assert (one.edition, two.edition) == ("Version 1.2026", "Version 2.2026")


def test_embedded_titles_that_the_page_denies_are_not_believed() -> None:
    found = identity_of(
        (H, "Levothyroxine in Children"), (P, "Text."), metadata=FoundMetadata(title="Diabetes care in adults")
    )
    assert found.title == "Levothyroxine in Children"
    assert [note.kind for note in found.notes] == [NoteKind.METADATA]


@pytest.mark.parametrize("junk", ["Microsoft Word - final_v3.doc", "untitled", "C:\\docs\\x.qxd", "1234", "layout 1"])
def test_embedded_junk_is_no_title(junk: str) -> None:
    assert (
        identity_of((P, "Pain in adults"), (P, "Text."), metadata=FoundMetadata(title=junk)).title == "Pain in adults"
    )


def test_the_file_name_is_the_last_resort_and_is_reported() -> None:
    found = identity_of((P, "12 34 56"), path="folder/house_protocol-7.txt")
    assert found.title == "house protocol 7"
    assert "file's name" in found.notes[0].message


@pytest.mark.parametrize(
    ("line", "edition"),
    [
        ("NCCN Guidelines Version 2.2026", "Version 2.2026"),
        ("Global strategy, 3rd edition", "3rd edition"),
        ("Third edition", "Third edition"),
        ("中国肺结节诊治指南（2024年版）", "2024年版"),
        ("内科学 第2版", "第2版"),
        ("DRAFT GUIDANCE", "Draft"),
        ("RagMed demonstration library | Edition: 1.2026", "Version 1.2026"),
        ("版本：1.2026", "Version 1.2026"),
        ("Nothing of the kind", ""),
    ],
)
def test_editions(line: str, edition: str) -> None:
    assert identity_of((H, "Pain in adults"), (P, line), (P, "Text of the guideline.")).edition == edition


def test_nice_numbers_are_series_of_nice_only() -> None:
    nice = identity_of((H, "Sepsis"), (F, "© NICE 2024. All rights reserved. NG253"), (P, "NG253"))
    assert (nice.series, nice.edition) == ("nice-ng253", "NG253, 2024")
    other = identity_of((H, "Sepsis"), (P, "NG253"), (P, "Published: 3 May 2024"))
    assert (other.series, other.edition) == ("sepsis", "")


def _of_sheet(path: Path) -> Identity:
    return identify(read(path), path.name, trust_metadata_date=False)


def test_a_retitled_update_of_a_numbered_guideline_stays_in_its_series(tmp_path: Path) -> None:
    first = _of_sheet(
        numbered(tmp_path / "a.pdf", ["Fever in sailors: assessment", "and early care"], "NG901", "31 January 2024", "")
    )
    update = _of_sheet(
        numbered(
            tmp_path / "b.pdf",
            ["Fever in seafarers aged 16 or over"],
            "NG901",
            "31 January 2024",
            "19 November 2025",
            pages=7,
        )
    )
    other = _of_sheet(
        numbered(tmp_path / "c.pdf", ["Fever in sailors: assessment", "and early care"], "CG17", "1 May 2012", "")
    )
    assert first.series == update.series == "nice-ng901"
    assert other.series == "nice-cg17"
    assert (first.published_on, first.edition) == ("2024-01-31", "NG901, 2024-01-31")
    assert (update.published_on, update.edition) == ("2025-11-19", "NG901, 2025-11-19")


def test_numbers_of_other_guidance_are_not_a_guidelines_own() -> None:
    assert nice_number(["This guideline replaces CG51 and NG51.", "NG253"]) == "NG253"
    assert nice_number(["CG51", "NG253", "www.nice.org.uk/guidance/ng253"]) == "NG253"
    assert nice_number(["This guideline updates CG51."]) == ""


@pytest.mark.parametrize("family_first", [True, False])
def test_panels_of_one_topic_are_one_series_whatever_their_version_and_length(
    tmp_path: Path, family_first: bool
) -> None:
    def identity(topic: str, version: str, day: str, pages: int) -> Identity:
        path = tmp_path / f"{topic}-{version}.pdf"
        return _of_sheet(panels(path, topic, version, day, pages=pages, family_first=family_first))

    one = identity("Leg Tumours", "1.2026", "January 12, 2026", 6)
    two = identity("Leg Tumours", "2.2026", "March 3, 2026", 9)
    arm = identity("Arm Tumours", "2.2026", "March 3, 2026", 9)
    assert one.series == two.series == "nccn-leg-tumours"
    assert arm.series == "nccn-arm-tumours"
    assert [(found.title, found.edition, found.published_on) for found in (one, two)] == [
        ("Leg Tumours", "Version 1.2026", "2026-01-12"),
        ("Leg Tumours", "Version 2.2026", "2026-03-03"),
    ]


def _running(number: int, *lines: str, text: str = "") -> Page:
    blocks, whole = [], ""
    for line in lines:
        blocks.append(Block(start=len(whole), end=len(whole) + len(line), kind=F))
        whole += f"{line}\n"
    return Page(document_id=DOCUMENT_ID, number=number, label=str(number), text=whole + text, blocks=tuple(blocks))


def test_a_topic_runs_on_most_pages_and_stands_on_the_cover() -> None:
    cover = _running(1, text="NCCN Guidelines\nLeg Tumours\nSurgery of every kind")
    often = [_running(number, "Leg Tumours", "NCCN Guidelines Index") for number in range(2, 6)]
    assert nccn_topic([cover, *often, _running(6, "Surgery of every kind")]) == "Leg Tumours"
    assert nccn_topic([cover, *(_running(number) for number in range(2, 6)), _running(6, "Leg Tumours")]) == ""
    assert nccn_topic([cover, *(_running(number, "Principles of Staging by Images") for number in range(2, 6))]) == ""
    assert nccn_topic([cover]) == ""


def test_a_title_of_the_family_alone_or_of_a_kind_alone_makes_no_series() -> None:
    for title in ("NCCN Clinical Practice Guidelines in Oncology (NCCN Guidelines®)", "Clinical Practice Guideline"):
        series = {series_of(title, "", path, ordered=True) for path in ("a.pdf", "b.pdf")}
        assert len(series) == 2, title


def test_who_numbers_do_not_make_a_series_titles_do() -> None:
    def who(title: str, *lines: str) -> Identity:
        shown = ((P, line) for line in lines)
        return identity_of((H, title), (F, "© World Health Organization"), *shown, (P, "Look at every sailor."))

    second = who(
        "Guidelines for fever in sailors, 2nd edition",
        "WHO/SEA/2019.04",
        "ISBN 978-92-4-000001-1",
        "© World Health Organization 2019",
    )
    third = who(
        "Guidelines for fever in sailors, third edition",
        "WHO/SEA/2024.11",
        "ISBN 978-92-4-000002-8",
        "© World Health Organization 2024",
    )
    living = who("Guidelines for fever in sailors, 13 October 2025", "ISBN 978-92-4-000003-5")
    assert second.series == third.series == living.series == "who-guidelines-for-fever-in-sailors"
    assert (second.edition, second.published_on) == ("2nd edition", "2019")
    assert (third.edition, third.published_on) == ("third edition", "2024")
    assert living.published_on == "2025-10-13"


@pytest.mark.parametrize(
    ("title", "line", "edition", "date"),
    [
        ("海员发热诊疗指南（2024年版）", "某某医师协会", "2024年版", "2024"),
        ("海员发热诊疗指南", "第三版 2021年5月", "第三版", "2021-05"),
        ("海员发热诊疗指南 v2.0", "发布日期：2025-03-01", "Version 2.0", "2025-03-01"),
        ("海员发热诊疗指南", "版本：v2.1", "Version 2.1", ""),
        ("海员发热诊疗指南（2023修订版）", "某某医师协会", "2023修订版", "2023"),
        ("海员发热诊疗指南（2020年修订）", "某某医师协会", "2020年修订", "2020"),
        ("海员发热诊疗指南（第九版）", "某某医师协会", "第九版", ""),
    ],
)
def test_chinese_editions_of_one_title_are_one_series(
    tmp_path: Path, title: str, line: str, edition: str, date: str
) -> None:
    found = _of_sheet(chinese(tmp_path / "cover.pdf", title, line))
    assert found.series == series_of("海员发热诊疗指南", "", "x.pdf", ordered=True)
    assert (found.edition, found.published_on) == (edition, date)


def test_a_program_of_version_two_in_a_long_line_is_no_edition() -> None:
    line = "The figures were drawn with a program for drawing figures, v2.4, on a machine of the harbour office."
    assert identity_of((H, "Pain in adults"), (P, line)).edition == ""


@pytest.mark.parametrize(
    ("lines", "date"),
    [
        (("Published: April 30, 2024",), "2024-04-30"),
        (("WASHINGTON, D.C. – July 7, 2020 – The Task Force",), "2020-07-07"),
        (("Version 2.3 - September 2016",), "2016-09"),
        (("发布日期：2026-03-05",), "2026-03-05"),
        (("2024年4月30日发布",), "2024-04-30"),
        (("Form Approved. Date: Expires 05/31/2027", "June 1, 2024"), "2024-06-01"),
        (("Accessed 3 May 2022", "© The Author(s) 2021"), "2021"),
        (("Updated 3 March 2025", "Published 1 January 2024"), "2025-03-03"),
        (("Published: 1 January 2024", "Last updated: 3 March 2025"), "2025-03-03"),
        (("Published 31 January 2024 Last updated March 2025",), "2025-03"),
        (("发布日期：2024-01-05", "2025年3月更新", "更新日期：2025-03-01"), "2025-03-01"),
        (("in 31 of 2,024 patients", "version 12"), ""),
        (("2026-13-45", "99 May 2020x"), ""),
    ],
)
def test_dates(lines: tuple[str, ...], date: str) -> None:
    assert find_date(lines) == date


@pytest.mark.parametrize(
    ("text", "licence"),
    [
        ("This chapter is licensed under the Creative Commons Attribution 4.0 International License.", "CC BY 4.0"),
        ("Licence: CC BY-NC-SA 3.0 IGO.", "CC BY-NC-SA 3.0 IGO"),
        ("See https://creativecommons.org/licenses/by-nc-nd/4.0/ for the terms.", "CC BY-NC-ND 4.0"),
        ("© St Elsewhere 2024. All rights reserved.", "All rights reserved"),
        ("This document is in the public domain.", "Public domain, as the document states"),
        ("Give 5 mg.", ""),
    ],
)
def test_licences(text: str, licence: str) -> None:
    assert identity_of((H, "Pain"), (P, text)).licence == licence


def test_the_licence_of_a_picture_is_not_the_documents() -> None:
    assert (
        identity_of((H, "Pain"), (CAP, "(credit: photo by A, CC BY 2.0)"), (P, "Image credit: B, CC BY 4.0")).licence
        == ""
    )


def test_organisations_named_in_sentences_are_not_the_publisher() -> None:
    found = identity_of((H, "Pain"), (P, "The World Health Organization recommends morphine, and so does the CDC."))
    assert found.publisher == ""
    assert (
        identity_of((H, "Pain"), (F, "© World Health Organization 2024"), (P, "Text.")).publisher
        == "World Health Organization"
    )


def test_series_outlive_editions_years_and_drafts() -> None:
    def series(title: str) -> str:
        return series_of(title, "", "x.pdf", ordered=True)

    assert series("Lung Cancer Version 1.2026") == series("Lung Cancer, Version 2.2026") == "lung-cancer"
    assert series("Draft Statement on Asthma") == series("Final Statement on Asthma")
    assert series("中国肺结节诊治指南（2024年版）") == series("中国肺结节诊治指南（2018年版）")
    assert series("中国肺结节诊治指南") != series("中国肺癌诊治指南")


def test_documents_that_cannot_be_ordered_are_no_editions_of_each_other() -> None:
    one = series_of("Introduction", "", "a/1.html", ordered=False)
    two = series_of("Introduction", "", "b/1.html", ordered=False)
    assert one != two
    assert series_of("Introduction", "", "a/1.html", ordered=True) != series_of(
        "Introduction", "", "b/1.html", ordered=True
    )


@pytest.mark.data
def test_textbook_sections_have_their_own_series(data: Path) -> None:
    series = set()
    paths = sorted((data / "textbooks").rglob("*.html"))
    for path in paths:
        raw = HtmlReader().read(path, DOCUMENT_ID, LIMITS)
        series.add(identify(raw, path.relative_to(data).as_posix(), trust_metadata_date=True).series)
    assert len(series) == len(paths)


def _cover(*lines: tuple[str, int], text: str = "") -> object:
    """A page with each line in the middle, of this size, and words of ordinary size below."""

    def draw(canvas: Canvas) -> None:
        y = 700
        for line, size in lines:
            column(canvas, 60, y, [line], size=size, font="Helvetica-Bold")
            y -= 3 * size
        column(canvas, 60, 200, [text or "Ordinary words of the page, which are set small and end here."], size=9)

    return draw


def test_a_cover_whose_largest_line_is_only_a_kind_of_document_is_titled_by_its_matter(tmp_path: Path) -> None:
    cover = _cover(
        ("Harbour Health Programme", 10),
        ("CLINICAL GUIDELINES", 14),
        ("ON THE CARE OF SAILORS AND", 14),
        ("DIVERS WITH THE BENDS", 14),
        ("The Evidence Report", 22),
    )
    foreword = _cover(
        ("Foreword", 14), text="We give you the Clinical Guidelines on the Care of Sailors and Divers with the"
    )
    more = _cover(
        ("Panel", 14), text="Clinical Guidelines on the Care of Sailors and Divers With the Bends were made by a panel."
    )
    reading = read(sheet(tmp_path / "subtitle_is_largest.pdf", cover, foreword, more))  # type: ignore[arg-type]
    identity = identify(reading, "report.pdf", trust_metadata_date=False)
    assert identity.title == (
        "Clinical Guidelines on the Care of Sailors and Divers With the Bends: The Evidence Report"
    )


def test_without_a_spelling_of_its_own_a_title_keeps_the_covers_capitals(tmp_path: Path) -> None:
    cover = _cover(("Full Report", 22), ("CARE OF DIVERS WITH THE BENDS", 14), ("Harbour Health Programme", 10))
    reading = read(sheet(tmp_path / "capitals_only.pdf", cover))  # type: ignore[arg-type]
    identity = identify(reading, "report.pdf", trust_metadata_date=False)
    assert identity.title == "CARE OF DIVERS WITH THE BENDS: Full Report"


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("The Evidence Report", True),
        ("Clinical Practice Guideline", True),
        ("诊疗指南", True),
        ("Report on Asthma", False),
        ("Hypertension Guideline", False),
        ("肺癌诊疗指南", False),
    ],
)
def test_titles_that_name_only_a_kind(title: str, kind: bool) -> None:
    assert names_only_a_kind(title) is kind


def test_a_date_in_a_sentence_is_no_date_of_publication_and_a_dateline_is() -> None:
    rest = " the council said that the harbour would have to be closed for a long time" * 2
    assert find_date((f"On July 27, 2023,{rest}.",)) == ""
    assert find_date((f"HARBOUR, July 27, 2023 –{rest}.",)) == "2023-07-27"


def test_a_work_that_is_cited_lends_neither_publisher_nor_licence() -> None:
    cited = (
        "American Diabetes Association. (2019). Standards. Diabetes Care, 42, S46. https://doi.org/10.2337/dc19-S005",
        "Nursing Skills Copyright 2023 by A College is licensed under a Creative Commons Attribution 4.0 License.",
        "Smith, J. (2021). Wounds. https://doi.org/10.1007/123",
    )
    identity = identity_of((H, "Wounds in sailors"), (P, "Wounds heal."), *((P, line) for line in cited))
    assert (identity.publisher, identity.licence) == ("", "")
    own = identity_of((H, "Wounds"), (P, "Wounds heal."), (P, cited[1]))
    assert own.licence == "CC BY 4.0"
