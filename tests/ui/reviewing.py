"""A library with a Chinese guideline, answers from it, and what doctors said of them: what the Review page is shown over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ragmed.entries import Feedback, FeedbackKind
from ragmed.interfaces import Finished
from ragmed.records import AnswerRecord
from tests.ui.library_app import ANAPHYLAXIS, KETOACIDOSIS, RESTRICTED, SEPSIS_1, LibraryProgram, program_over

HYPERKALAEMIA = """# 成人急性高钾血症

2026年第1版

## 保护心脏

心电图有高钾改变时，应立即静脉注射10%葡萄糖酸钙30 mL。
洋地黄中毒者注射钙剂应缓慢并持续监护。

## 转移血钾

普通胰岛素10单位加葡萄糖25 g静脉输注15分钟。
沙丁胺醇10 mg雾化吸入可作为补充治疗。
"""
CALCIUM = "心电图有高钾改变时，应立即静脉注射10%葡萄糖酸钙30 mL。"
SALBUTAMOL = "沙丁胺醇10 mg雾化吸入可作为补充治疗。"
ADRENALINE = (
    "Give adrenaline 0.5 mg into the outer thigh at once, and again after five minutes if there is no response."
)
ASKED_ZH = "患者王建国，住院号：20261107，高钾血症心电图有改变，首先用什么药？"
ASKED_EN = "How much adrenaline is given into the thigh of Mr Quill?"
ASKED_SEPSIS = "When are antibiotics given in septic shock?"
WRONG = "Give adrenaline 5 mg into the outer thigh at once."


@dataclass(frozen=True)
class Said:
    """The feedback of ``reviewing``, in the order in which it was given."""

    chinese: Feedback
    """A correction that no page bears out, of a question that names a patient."""
    wrong: Feedback
    """A correction with the wrong dose."""
    right: Feedback
    """A thumb up without a correction."""


def program(folder: Path) -> LibraryProgram:
    """The program over four guidelines, one of them Chinese; they are published when it is first asked for."""
    library = folder / "library"
    fresh = not library.exists()
    if fresh:
        library.mkdir(parents=True)
        for name, text in {
            "sepsis": SEPSIS_1,
            "anaphylaxis": ANAPHYLAXIS,
            "ketoacidosis": KETOACIDOSIS,
            "hyperkalaemia": HYPERKALAEMIA,
            "stroke": RESTRICTED,
        }.items():
            (library / f"{name}.md").write_text(text, "utf-8")
    made = program_over(folder)
    if fresh:
        made.build_with(made.settings, dry_run=False, inbox=False)
    return made


def asked(over: LibraryProgram, question: str) -> AnswerRecord:
    """The kept answer to a question."""
    return next(event.record for event in over.assistant.ask(question) if isinstance(event, Finished))


def reviewing(folder: Path) -> tuple[LibraryProgram, Said]:
    """The program, and three words of doctors that wait."""
    made = program(folder)
    give = made.auditor.give_feedback
    chinese = give(
        asked(made, ASKED_ZH).record_id,
        FeedbackKind.MISSING,
        user="李医生",
        correction=f"{CALCIUM}\n王建国先生还应口服聚苯乙烯磺酸钠15 g。",
        note="漏了后续治疗",
    )
    wrong = give(asked(made, ASKED_EN).record_id, FeedbackKind.WRONG, user="Dr Owen", correction=WRONG)
    right = give(asked(made, ASKED_SEPSIS).record_id, FeedbackKind.RIGHT, user="ward 4")
    return made, Said(chinese=chinese, wrong=wrong, right=right)
