"""Which words deny or forbid, in English and Chinese.

Laws of this room: a comparator ("not more than 5 mg", 不超过) is no denial, nor is a word that only looks like one
(非小细胞, 不良反应, "not only").
"""

from __future__ import annotations

import re

ENGLISH = re.compile(
    r"\bneither\b[^.;]{1,60}?\bnor\b|\b(?:no|not|never|without|neither|nor|none|cannot|avoid(?:s|ed|ing|ance)?|contra-?indicat\w*|withh[eo]ld\w*"
    r"|refrain\w*"
    r"|absen(?:ce|t)|lack(?:s|ed|ing)?|unnecessary|inappropriate|unsafe|inadvisable|unlikely|improbable|den(?:y|ies|ied)"
    r"|free\s+(?:of|from)"
    r"|(?:recommend|advis|decid)\w*\s+against|fail(?:s|ed)?\s+to|prohibit\w*|forbid\w*|forbidden|rather\s+than"
    r"|instead\s+of)\b"
    r"|n['’]t\b"
    # "hold the anticoagulant", not "hold the hand out"
    r"|(?:^|[,;:]\s*|\b(?:and|should|must|then)\s+)hold\b(?!\s+(?:your|his|her|their|it)\b)",
    re.IGNORECASE,
)
ENGLISH_NO_DENIAL = re.compile(
    r"(?:\bnot|n['’]t)\s+only\b|\bwhether\s+or\s+not\b|\bnot?\s+(?:more|less|fewer|greater|lower|higher|later"
    r"|earlier|longer)\s+than\b"
    r"|\bnot\s+exceed(?:ing)?\b|\bno\.\s?\d|\bno\s+longer\s+than\b|\bnot\s+just\b|\bno\s+matter\b",
    re.IGNORECASE,
)
CHINESE = re.compile(r"[不无未禁勿没忌非]|避免|否认|缺乏|拒绝|不存在|(?<![能可须应需先以难未待])除外|排除在外")
CHINESE_NO_DENIAL = re.compile(
    r"不良|不适感?|不断|不同|不仅|不但|不过|不管|不论|不足|不到|不等(?!待|结果|复)|不齐|不全|不详|不明|不孕|不育|不少于|不低于|不小于|不超过|不大于|不高于"
    r"|不多于|不稳定|不典型|不规则|不均|不对称|不可逆|不自主|不随意|无论|无菌|无创|无机|非常|非甾体|非小细胞|非典型|非酒精|非霍奇金|非结核"
    r"|非ST|非瓣膜|非处方|除非|莫非|是非|未来|未成年|禁食|禁水|禁闭|没药|没食子|莫西|不尽快|非侵入|非糖尿病"
    # two denials of one thing: 不应因…而不用
    r"|不[应能可宜得](?:因|以)[^，。；]{1,20}而不"
)


def denials(text: str) -> int:
    """How many negations and prohibitions stand in ``text``."""
    plain = CHINESE_NO_DENIAL.sub("　", ENGLISH_NO_DENIAL.sub(" ", text))
    return len(ENGLISH.findall(plain)) + len(CHINESE.findall(plain))


def denial_words(text: str) -> tuple[str, ...]:
    """The negations and prohibitions of ``text``, lower-case, in the order of each language's words."""
    plain = CHINESE_NO_DENIAL.sub("　", ENGLISH_NO_DENIAL.sub(" ", text))
    return tuple(
        " ".join(match.group().lower().split()) for kind in (ENGLISH, CHINESE) for match in kind.finditer(plain)
    )
