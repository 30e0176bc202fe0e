"""What is asked *about* the subject — cause, treatment, outlook — in the words that pages use for it.

A question says "outlook", a page says "prognosis" and "survival". Thirteen kinds of clinical question, each with the
words that ask for it in English and Chinese and the words that answer it. Written for this project.
Their effect is measured in docs/adr/0004-fusion.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Intent:
    """``asks`` finds the asking words; ``english`` and ``chinese`` are the answering ones."""

    asks: re.Pattern[str]
    english: str
    chinese: str


def _intent(english_words: str, chinese_words: str, english: str, chinese: str) -> Intent:
    return Intent(re.compile(rf"\b(?:{english_words})\b|{chinese_words}", re.IGNORECASE), english, chinese)


INTENTS = (
    _intent(
        "outlook|prognosis|life expectancy",
        "预后|生存期|存活",
        "prognosis, chance of recovery, survival",
        "预后 生存率",
    ),
    _intent(
        "treat(?:ed|ing|s|ments?)?|manage(?:d|s|ment)?|therap(?:y|ies)",
        "治疗|怎么治|如何治|处理",
        "treatment, therapy, management",
        "治疗 处理",
    ),
    _intent("prevent\\w*|avoid(?:ed|ing)?", "预防|避免", "prevention, reduce the risk", "预防 降低风险"),
    _intent("diagnos\\w+|tests?|work-?up", "诊断|检查|化验", "diagnosis, tests, examination", "诊断 检查"),
    _intent("caus(?:e|es|ed)|why", "病因|原因|为什么|引起", "caused by, due to", "病因 引起"),
    _intent("symptoms?|signs?|presentation", "症状|体征|表现", "signs and symptoms", "症状 体征"),
    _intent("genetic changes?|genes?|mutations?", "基因|突变", "mutations in the gene", "基因突变"),
    _intent(
        "inherited|inheritance|hereditary|run in families",
        "遗传",
        "inheritance pattern, autosomal dominant or recessive",
        "遗传方式 显性 隐性",
    ),
    _intent(
        "how many people|how common|frequency|prevalence|incidence",
        "患病率|发病率|多常见",
        "prevalence, incidence",
        "患病率 发病率",
    ),
    _intent("at risk|risk factors?", "危险因素|高危人群|易感", "risk factors, more likely", "危险因素"),
    _intent("complications?", "并发症", "complications, can lead to", "并发症"),
    _intent("research|stud(?:y|ies)|trials?", "研究|试验", "research, clinical trials, study", "研究 临床试验"),
    _intent("diets?|what to do", "饮食", "eating, diet, nutrition", "饮食 营养"),
)


def find_intents(text: str) -> Iterator[tuple[re.Match[str], Intent]]:
    """Each intent that ``text`` asks for, once, at the first words that ask for it."""
    for intent in INTENTS:
        match = intent.asks.search(text)
        if match:
            yield match, intent
