"""What patient identifiers look like, in English and Chinese: patterns, each with its kind.

They look for what stands beside its label ("MRN", 住院号) or has a form of its own (an NHS number with its check
digit, a Chinese identity card, a phone, an address). A name alone has no form: names are found behind titles and
labels, and before an identifier. What is found too much costs a word of a row; what is missed costs a patient.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from ragmed.terms import find_terms


@dataclass(frozen=True, slots=True)
class Found:
    """An identifier: ``[start, end)`` of the text, and its kind."""

    start: int
    end: int
    kind: str


NAME, RECORD, NHS, CARD = "name", "record_number", "nhs_number", "identity_card"
PHONE, EMAIL, BIRTH, ADDRESS = "phone", "email", "birth_date", "address"
KINDS = (NAME, RECORD, NHS, CARD, PHONE, EMAIL, BIRTH, ADDRESS)

_WORD = r"[A-Z][\w'’]*[a-z’'][\w'’]*(?:-[A-Z][\w'’]+)?|[A-Z]\.?"
_PARTICLE = r"(?:van|von|de|der|den|la|le|bin|al|el|du|di|da|dos|O['’])"
_FULL = rf"(?:{_WORD})(?:[ \t]+(?:{_PARTICLE}[ \t]+)*(?:{_WORD})){{0,3}}"
_CAPITALS = r"[A-Z][A-Z'’-]+(?:[ \t]+[A-Z][A-Z'’-]+){0,2}"
_MACHINES = r"(?!(?:CT|MRI|PET|SPECT|ANGIO\w*|IMAGING|SCANS?|VENO\w*|CHOLANGIO\w*|SPECTRO\w*|ENTERO\w*)\b)"
_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖"
    "邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦"
    "欧阳司马诸葛上官夏侯"
)
_SURNAME = rf"(?:欧阳|司马|诸葛|上官|夏侯|[{_SURNAMES}])"
_GIVEN = r"[\u4e00-\u9fff]{1,2}"
_ZH_TITLE = r"(?:先生|女士|小姐|太太|同志|阿姨|大爷|大妈|奶奶|爷爷|老师|医生|医师|大夫|主任|教授|护士)"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DATE = (
    r"(?:\d{1,2}\s*[/.\-]\s*\d{1,2}\s*[/.\-]\s*\d{2,4}|\d{4}\s*[/.\-]\s*\d{1,2}\s*[/.\-]\s*\d{1,2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?(?:\s+of)?[\s-]+{_MONTH},?[\s-]+\d{{2,4}}|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{2,4}}"
    r"|\d{4}\s*年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号])?)"
)
_STREET = (
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Close|Crescent|Court|Ct|Way|Place|Pl|Square|Terrace|Gardens|"
    r"Boulevard|Blvd|Grove|Hill|Row|Mews|Parade|Walk|Park|Quay)"
)
_POSTCODE = r"\b(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2})\b"
_HAN = r"[\u4e00-\u9fff]"


def _pattern(expression: str, *, flags: int = 0) -> re.Pattern[str]:
    return re.compile(expression, flags)


_I = re.IGNORECASE
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (EMAIL, _pattern(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", flags=re.ASCII)),
    (NHS, _pattern(r"\bNHS(?:\s*(?:number|no\.?|#))?\s*(?:is)?\s*[:：#]?\s*(\d{3}[ -]?\d{3}[ -]?\d{4})\b", flags=_I)),
    (
        CARD,
        _pattern(
            r"(?:身份证|公民身份号码|ID card)(?:号码?|\s*(?:number|no\.?))?\s*(?:是|为|is)?\s*[:：]?\s*"
            r"([0-9]{17}[0-9Xx]|[0-9]{15}|[0-9]{6}[ -][0-9]{8}[ -][0-9]{3}[0-9Xx])(?![0-9])",
            flags=_I,
        ),
    ),
    (
        RECORD,
        _pattern(
            r"\b(?:MRN|hospital\s+(?:no\.?|number|id)|(?:medical\s+)?record\s+(?:no\.?|number)|patient\s+(?:id|no\.?|number)"
            r"|case\s+(?:no\.?|number)|unit\s+(?:no\.?|number)|chart\s+(?:no\.?|number)|admission\s+(?:no\.?|number)|UHID|URN)"
            r"\s*(?:is)?\s*[:：#]?\s*([A-Z]{0,4}[-/ ]?\d(?:[\d/-]*\d)?[A-Z]?)\b",
            flags=_I,
        ),
    ),
    (
        RECORD,
        _pattern(
            r"(?:住院|病案|病历|门诊|登记|就诊卡?|病人|患者|档案|检查|影像|急诊|医保卡?|社保卡?)(?:号码?|编号|ID)\s*(?:是|为)?\s*"
            r"[:：]?\s*([A-Za-z]{0,4}[-/]?\d[\dA-Za-z/-]{2,})"
        ),
    ),
    (
        BIRTH,
        _pattern(
            r"\b(?:DOB|D\.O\.B\.?|date\s+of\s+birth|birth\s*date|birthday|born(?:\s+on)?|b\.)\s*(?:is|was)?\s*[:：]?\s*"
            rf"({_DATE})",
            flags=_I,
        ),
    ),
    (BIRTH, _pattern(rf"(?:出生(?:日期|年月日?|于|时间)?|生日|生于)\s*(?:是|为)?\s*[:：]?\s*({_DATE})")),
    (BIRTH, _pattern(rf"({_DATE})\s*(?:出生|生(?=[，,。；;、）)]|$))")),
    (
        PHONE,
        _pattern(
            r"(?:\b(?:tel(?:ephone)?|phone|mobile|cell|contact(?:\s+(?:no\.?|number))?|fax)\b\.?(?:\s*(?:no\.?|number))?|电话|手机|"
            r"联系方式|联系电话|传真)(?:号码?)?\s*(?:is|是|为)?\s*[:：]?\s*(\+?\d[\d ()\-]{5,}\d)",
            flags=_I,
        ),
    ),
    (PHONE, _pattern(r"(?<![\d.])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d|\.\d)")),
    (PHONE, _pattern(r"(?<![\d.])0\d{2,3}[ -]\d{7,8}(?!\d|\.\d)")),
    (PHONE, _pattern(r"(?<![\d.])400[ -]\d{3}[ -]\d{4}(?!\d|\.\d)")),
    (PHONE, _pattern(r"(?<![\w.])\+\d{1,3}[ -]?\(?0?\)?[ -]?\d{1,4}(?:[ -]?\d{2,4}){2,4}(?!\d|\.\d)")),
    (
        PHONE,
        _pattern(
            r"(?<![\d.])0(?:7\d{3}[ -]?\d{3}[ -]?\d{3}|[12378]\d{1,3}[ -]\d{3,4}[ -]?\d{3,4}"
            r"|20[ -]?\d{4}[ -]?\d{4})(?!\d|\.\d)"
        ),
    ),
    (PHONE, _pattern(r"(?<![\d.])(?:\+?1[ -])?(?:\(\d{3}\) ?|\d{3}-)\d{3}-\d{4}(?!\d|\.\d)")),
    (
        ADDRESS,
        _pattern(
            rf"\b(?:(?:Flat|Apt\.?|Apartment|Unit|Suite)\s+\w{{1,4}},?\s+)?\d{{1,5}}[A-Za-z]?,?\s+(?:[A-Z][\w'’.-]*\s+){{1,4}}{_STREET}"
            rf"\b\.?(?:,?\s+(?:[A-Z][\w'’-]+)(?:\s+[A-Z][\w'’-]+){{0,2}})?(?:,?\s+{_POSTCODE}|,?\s+[A-Z]{{2}}\s+\d{{5}}(?:-\d{{4}})?)?"
        ),
    ),
    (ADDRESS, _pattern(_POSTCODE)),
    (
        ADDRESS,
        _pattern(r"\b(?:home\s+)?address\s*(?:is)?\s*[:：]\s*([^\n;；。]{4,80}?)(?=[\n;；。]|\.\s|\.$|$)", flags=_I),
    ),
    (
        ADDRESS,
        _pattern(
            r"(?:家庭住址|现住址|住址|地址|家住|现住|户籍(?:地址)?|居住地|住在)\s*(?:是|为|在)?\s*[:：]?\s*([^，。；;,\n]{4,40})"
        ),
    ),
    (
        ADDRESS,
        _pattern(
            rf"(?:{_HAN}{{2,7}}(?:省|自治区))?(?:{_HAN}{{2,7}}市)?(?:{_HAN}{{1,6}}(?:区|县|镇|乡))?{_HAN}{{1,8}}(?:路|街|大道|道|巷|弄|胡同|"
            rf"村|小区|里|苑)[\u4e00-\u9fff]{{0,4}}\d+(?:号|弄|栋|幢)(?:院)?(?:\d+(?:号楼?|栋|幢|单元|室|层))*"
        ),
    ),
    (
        NAME,
        _pattern(
            rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Master|Dr|Prof|Professor|Sir|Lady|Dame|Sister|Nurse|Mister|Doctor)"
            rf"\.?[ \t]+((?:{_PARTICLE}[ \t]+)*{_FULL})"
        ),
    ),
    (NAME, _pattern(rf"\b(?:MR|MRS|MS|MISS|DR|PROF)\.?[ \t]+({_MACHINES}{_CAPITALS})\b")),
    (
        NAME,
        _pattern(
            r"\b(?:mr|mrs|dr)\.?[ \t]+((?!(?:who|is|was|has|said|and|or|the|with|to)\b)"
            r"[a-z][a-z'’-]+(?:[ \t]+(?=[A-Z])[A-Z][a-z'’-]+)?)"
        ),
    ),
    (
        NAME,
        _pattern(
            rf"\b(?:[Pp]atient(?:'s)?\s+name|[Nn]ame|NAME|[Nn]amed|[Cc]alled|[Nn]ext of kin|[Ff]ull name)"
            rf"\s*(?:is|of)?\s*[:：]?\s*((?:{_PARTICLE}[ \t]+)*{_FULL})"
        ),
    ),
    (NAME, _pattern(rf"\b(?:[Pp]atient|[Pp]t|PATIENT)\s*[:：]\s*({_FULL})")),
    (
        NAME,
        _pattern(
            rf"\b((?:{_WORD}),[ \t]+(?:{_WORD})(?:[ \t]+(?:{_WORD}))?)"
            r"(?=[,;]?\s*\(?(?:DOB|D\.O\.B|MRN|NHS|born|date of birth)\b)"
        ),
    ),
    (
        NAME,
        _pattern(
            rf"\b((?:{_WORD})(?:[ \t]+(?:{_WORD})){{1,2}})(?=[,;]?\s*\(?(?:DOB|D\.O\.B|MRN|NHS\b|born|date of birth)\b)"
        ),
    ),
    (
        NAME,
        _pattern(
            rf"(?:姓名|患者名|病人名|联系人|家属|名叫|叫做)\s*(?:是|为)?\s*[:：]?\s*({_SURNAME}{_GIVEN}|{_HAN}{{2,4}}(?=[，,。；;、（(\s]|$))"
        ),
    ),
    (NAME, _pattern(rf"({_SURNAME}(?:某某?|[×xX*＊]{{1,2}}))")),
)
_DOUBTFUL = (
    _pattern(rf"({_SURNAME}(?:{_HAN}{{0,2}}))(?={_ZH_TITLE})"),
    _pattern(rf"(?:患者|病人|病员|患儿|产妇|家属)({_SURNAME}{_GIVEN})(?=[，,、（(；;。\s男女]|$)"),
)
"""Names without a label: words of medicine that begin like a surname stand there too."""
_TEN = re.compile(r"(?<![\d.])\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d|\.\d)")
_EIGHTEEN = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z])")
_CARD_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CARD_CHECKS = "10X98765432"
_NO_NAME = re.compile(
    r"(?:高年资|低年资|值班|主管|主治|经治|责任|家庭|全科|专科|相关|双方|任何|任一|上级|下级|管床|万一|常规|安全|文献|方案|方法|石膏|金黄|白细胞|"
    r"白蛋白|温度|温盐|严重|严密|安静|康复|段落|任务|龙胆|黄疸|黄体|高血|高热|高危|高龄|马上|余下|何时|何种|程度|江湖|易感|申请|严格|洪水)"
)


def found_in(text: str) -> Iterator[Found]:
    """Every identifier that a pattern finds; they may overlap."""
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            group = 1 if pattern.groups and match[1] is not None else 0
            yield Found(*match.span(group), kind)
    for pattern in _DOUBTFUL:
        for match in pattern.finditer(text):
            if _may_be_name(text, *match.span(1)):
                yield Found(*match.span(1), NAME)
    yield from _checked(text, _TEN, is_nhs_number, NHS)
    yield from _checked(text, _EIGHTEEN, lambda said: is_identity_card(said) or has_birth_date(said), CARD)


def is_nhs_number(said: str) -> bool:
    """Whether ten digits are an NHS number: weights 10 to 2, modulo 11."""
    digits = [int(one) for one in said if one.isdigit()]
    if len(digits) != 10:
        return False
    check = 11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % 11
    return check != 10 and check % 11 == digits[9]


def is_identity_card(said: str) -> bool:
    """Whether 18 characters are a Chinese identity number (GB 11643: ISO 7064, MOD 11-2, and a date)."""
    total = sum(weight * int(digit) for weight, digit in zip(_CARD_WEIGHTS, said[:17], strict=True))
    return _CARD_CHECKS[total % 11] == said[17].upper() and has_birth_date(said)


def has_birth_date(said: str) -> bool:
    """Whether an 18-digit number holds a date of birth where an identity number has it: one with a slip in it is still
    somebody's."""
    try:
        born = date(int(said[6:10]), int(said[10:12]), int(said[12:14]))
    except ValueError:
        return False
    return 1900 <= born.year <= 2100


def _checked(text: str, pattern: re.Pattern[str], holds: Callable[[str], bool], kind: str) -> Iterator[Found]:
    for match in pattern.finditer(text):
        if holds(match[0]):
            yield Found(*match.span(), kind)


def _may_be_name(text: str, start: int, end: int) -> bool:
    """Whether what stands where a name may stand is none of the words of medicine that begin like a Chinese surname."""
    if _NO_NAME.match(text[start : end + 2]):
        return False
    return not any(match.start == 0 and len(match.surface) > 1 for match in find_terms(text[start : end + 2]))
