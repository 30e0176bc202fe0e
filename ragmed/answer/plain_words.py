"""Words of everyday clinical prose that say the same: what a restatement may put one for another.

Laws of this room: a pure function of one stem and a shipped list; words of a group are exchangeable in a sentence of a
guideline without changing what is to be done. No drug, disease, number, direction, side, time or group of patients
stands here: the term table and the checks of numbers and opposites have these.
"""

from __future__ import annotations

from functools import lru_cache

from ragmed.text.words import words

_GROUPS = """
begin start initiate commence initiation
stop discontinue cease
show demonstrate reveal prove
need require necessary requirement
recommend advise advisable recommendation
apply employ
probable likely
improbable unlikely
suitable appropriate
reputable reliable trustworthy
comparable similar
enough sufficient suffice adequate
rapid quick fast swift
immediate instant prompt
operate operation surgery surgical
illness disease
medicine medication medicinal
physician doctor clinician
staff personnel
kidney renal
heart cardiac
liver hepatic
lung pulmonary
brain cerebral
skin cutaneous
gut intestine intestinal bowel
stomach gastric
airway respiratory
vessel vascular
belly abdomen abdominal
newborn neonate neonatal
breathe breathing respiration breath
educate train teach training education
dirty soil contaminate
choose select choice selection
proper correct
policy rule
mark label
tell inform
change modify alter modification
usual general ordinary
mean average
whole total overall entire
part component portion
large big
small little
several multiple
initial first
latest recent
occur happen
develop arise
unclear uncertain
roughly about approximate approximately
equivalent correspond equal
target goal aim
benefit help beneficial helpful
additional further extra
serious grave severe
fatal deadly lethal life-threatening
risky dangerous hazardous
difficult hard
frequent often common
seldom rare rarely
yearly annual annually
retain keep maintain
obtain take
search look
suspect suspicion
restart resume
transfuse transfusion
puncture tap
inject injection
infuse infusion
monitor monitoring
dialyse dialysis haemodialysis
method way
usually generally
cover pay
decide guide determine govern
size measure
气短 气促 气急
就诊 来院 就医 就诊
多数 大部分 大多数
告知 嘱咐 嘱
化验 检查 检测
建议 推荐
马上 立即 立刻
增大 变大
单发 单个
并发 合并
确保 保证
"""


@lru_cache(maxsize=1)
def _same() -> dict[str, str]:
    """Stem → the stem that stands for its group."""
    found: dict[str, str] = {}
    for line in _GROUPS.strip().splitlines():
        stems = [stem for word in line.split() for stem in words(word)]
        for stem in stems:
            found.setdefault(stem, stems[0])
    return found


def plain(stem: str) -> str:
    """The stem that stands for the group of ``stem``; itself where it is in none."""
    return _same().get(stem, stem)
