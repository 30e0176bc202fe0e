"""Words that part one matter of a guideline from another: the step of a treatment, the form of a disease or patient.

Laws of this room: general clinical language in English and Chinese, no guideline's own; a pattern names its tag and
nothing else.
"""

from __future__ import annotations

import re


def _tags(table: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {name: re.compile(words, re.IGNORECASE) for name, words in table.items()}


STEPS = _tags(
    {
        "loading": r"\bloading\b|\bbolus\w*|负荷|首剂|静推",
        "infusion": r"\binfus\w+|\bdrip\b|持续泵|泵入|滴注|静滴|维持滴",
        "maintenance": r"\bmaint\w+|\bthereafter\b|\bfollowed by\b|\bthen\b|\blong[- ]term\b|维持|此后|随后|继以|长期",
        "most": r"\bmax\w*|\bno more than\b|\bnot exceed\w*|\bup to\b|\bceiling\b|最大|最高|上限|不超过",
        "least": r"\bminim\w*|\bat least\b|最小|至少",
        "starting": r"\bstarting\b|\binitial\w*|\bstart (?:with|at|on)\b|\bbegin (?:with|at|on)\b|起始|初始|开始剂量",
        "again": r"\brepeat\w*|\bsecond dose\b|\bfurther dose\b|\bagain\b|\bnext dose\b|\bsubsequent\w*|\bre-?check\w*"
        r"|\bre-?test\w*|重复|再次|追加|复查|再予",
        "change": r"\bincreas\w*|\brais(?:e|ed|ing)\b|\breduc\w*|\bdecreas\w*|\btitrat\w*|\bsteps? of\b|\bstep\b"
        r"|\bescalat\w*|\btaper\w*|\bhalve\w*|\badjust\w*|加量|减量|增加|减少|滴定|递增|调整",
        "once": r"\bsingle\b|\bone-?off\b|单次|单剂|一次性|顿服",
        "total": r"\btotal\b|\bcumulative\b|总量|累积|累计",
        "together": r"\bplus\b|\bcombin\w+|\btogether with\b|\bin addition to\b|\badd(?:ed|ing)?\b|联合|合用|加用",
        "alone": r"\balone\b|\bmonotherapy\b|单药|单用",
        "stop": r"\bstop\w*|\bdiscontinu\w*|\bwithdraw\w*|停药|停用",
        "release": r"\b(?:extended|modified|sustained|immediate|prolonged)[- ]release\b|\bdepot\b|缓释|控释|速释",
        "dose level": r"\b(?:low|high|full|half)[- ]dose\b|小剂量|大剂量|低剂量|高剂量|足量|半量",
    }
)
QUALIFIERS = _tags(
    {
        "mild": r"\bmild\w*|\bminor\b|\bnon-?severe\b|\blow[- ]severity\b|轻度|轻症|轻型",
        "moderate": r"\bmoderate\w*|\bintermediate\b|中度|中危",
        "severe": r"(?<!non-)(?<!non)\bsever(?:e|ely)\b|\bhigh[- ]severity\b|\bcritical\w*|\blife[- ]threatening\b"
        r"|重度|重症(?!监护)|严重|危重|剧烈",
        "high risk": r"\bhigh(?:er)?[- ]risk\b|高危",
        "low risk": r"\blow(?:er)?[- ]risk\b|低危",
        "plain": r"\buncomplicated\b|非复杂|单纯性",
        "complicated": r"(?<!un)\bcomplicated\b|(?<!非)复杂性",
        "recurrent": r"\brecurr\w+|\brelaps\w*|复发|反复",
        "acute": r"\bacute\w*|急性",
        "chronic": r"\bchronic\w*|慢性",
        "stable": r"\bstable\b|(?<!不)稳定",
        "unstable": r"\bunstable\b|\bha?emodynamic\w* (?:instab|comprom)\w*|不稳定",
        "outside": r"\boutpatient\w*|\bat home\b|\bprimary care\b|\bambulatory\b|\bcommunity[- ]acquired\b"
        r"|门诊|居家|社区获得",
        "inside": r"\binpatient\w*|\bhospitali[sz]ed\b|\badmitted\b|\bhospital[- ]acquired\b|住院|医院获得",
        "intensive": r"\bintensive care\b|\bICU\b|重症监护",
        "around surgery": r"\b(?:pre|post|peri)-?operativ\w*|\bsurg(?:ery|ical)\b|\bresect\w+"
        r"|术前|术后|围术期|手术|切除",
        "men": r"\b(?:men|man|males?)\b|男",
        "women": r"\b(?:women|woman|females?)\b|女",
        "smoker": r"\bsmok\w+|吸烟",
        "weakened": r"\bimmuno(?:compromis|suppress|defici)\w*|免疫抑制|免疫缺陷|免疫低下",
        "old": r"\b(?:elderly|frail\w*)\b|\bolder (?:adults?|people|patients?|persons?)\b|老年|高龄|衰弱",
        "fasting": r"\bfasting\b|\bpreprandial\b|\bbefore (?:meals?|breakfast|eating)\b|空腹|餐前",
        "after meals": r"\bpostprandial\b|\bafter (?:meals?|eating)\b|餐后",
        "bedtime": r"\bbedtime\b|\bat night\b|睡前",
        "confirmed": r"\bconfirm\w+|\bproven\b|确诊",
        "suspected": r"\bsuspect\w*|\bpossible\b|疑似|怀疑",
        "solid": r"(?<!part-)(?<!part )(?<!sub)\bsolid\b|(?<!部分)(?<!亚)实性",
        "part-solid": r"\bpart[- ]solid\b|部分实性",
        "ground-glass": r"\bground[- ]glass\b|磨玻璃",
        "several": r"\bmultiple\b|\bseveral\b|多发",
        "single": r"\bsolitary\b|\bsingle\b|孤立|单发",
        "untreated": r"\buntreated\b|\btreatment[- ]na[iï]ve\b|初治|未治疗",
        "upper": r"\bupper\b|上叶|上肢|上消化道",
        "lower": r"\blower (?:limb|lobe|gi|gastro|respir|leg)\w*|下叶|下肢|下消化道",
        "left": r"\bleft\b|左",
        "right": r"\bright\b|右",
        "type 1": r"\btype 1\b|\btype I\b|1\s?型|Ⅰ型",
        "type 2": r"\btype 2\b|\btype II\b|2\s?型|Ⅱ型",
        "persistent": r"\bpersist\w*|持续存在|不吸收",
        "new": r"\bnew(?:ly)?\b|新发|新诊断",
    }
)
OF_A_CHAPTER = frozenset(
    {
        "mild",
        "moderate",
        "severe",
        "high risk",
        "low risk",
        "outside",
        "inside",
        "intensive",
        "around surgery",
        "weakened",
    }
)
"""Qualifiers that a heading gives to all sentences under it."""
