"""How units, counts and frequencies are spelt in English and Chinese, and the one form that each is brought to.

A table, not a converter: two spellings share a form only where they mean exactly the same.
"""

from __future__ import annotations

import re


def _spellings(table: str) -> dict[str, str]:
    """``form: spelling, spelling`` lines → spelling to form. Spellings are lower-case; a micro sign is ``u``."""
    spellings: dict[str, str] = {}
    for line in table.strip().splitlines():
        form, _, rest = line.strip().partition(": ")
        for spelling in (form, *rest.split(", ")):
            if spelling:
                spellings[spelling.strip()] = form
    return spellings


UNIT_SPELLINGS = _spellings(
    """
    kg: kilogram, kilograms, kgs, 千克, 公斤
    g: gram, grams, gm, 克
    mg: milligram, milligrams, mgs, 毫克
    mcg: ug, microgram, micrograms, 微克
    ng: nanogram, nanograms, 纳克
    pg: picogram, picograms, 皮克
    l: liter, litre, liters, litres, 升
    dl: deciliter, decilitre, 分升
    ml: milliliter, millilitre, milliliters, millilitres, cc, 毫升
    ul: microliter, microlitre, 微升
    mol: mole, moles, 摩尔
    mmol: millimole, millimoles, mmols, 毫摩尔
    umol: micromole, micromoles, 微摩尔
    nmol: nanomole, nanomoles, 纳摩尔
    pmol: picomole, picomoles, 皮摩尔
    meq: milliequivalent, milliequivalents, 毫当量
    mosm: milliosmole, milliosmoles, 毫渗
    u: unit, units, 单位
    mu: milliunit, milliunits, 毫单位
    iu: international unit, international units, 国际单位
    miu: 毫国际单位
    %: percent, per cent, ％
    mmhg: mm hg, millimeters of mercury, millimetres of mercury, 毫米汞柱
    cmh2o: cm h2o, 厘米水柱
    kpa: kilopascal, 千帕
    km: kilometer, kilometre, kilometers, kilometres, 公里
    m: meter, metre, meters, metres, 米
    cm: centimeter, centimetre, centimeters, centimetres, 厘米
    mm: millimeter, millimetre, millimeters, millimetres, 毫米
    um: micrometer, micrometre, 微米
    m2: m², square meter, square metre, square meters, square metres, 平方米
    mm3: mm³, cubic millimeter, cubic millimetre, 立方毫米
    inch: inches
    foot: feet, ft
    lb: lbs, pound, pounds
    oz: ounce, ounces
    cup: cups
    kcal: kilocalorie, kilocalories, 千卡
    calorie: calories, cal
    kj: kilojoule, kilojoules, 千焦
    j: joule, joules, 焦耳
    gy: gray, 戈瑞
    hz: hertz
    ppm: parts per million
    °c: ℃, degrees celsius, degrees c, 摄氏度, ° c
    °f: ℉, degrees fahrenheit, degrees f, ° f
    year: years, yr, yrs, year-old, years-old, years old, year old, years of age, y, 年, 岁, 周岁
    month: months, mo, mos, 个月, 月
    week: weeks, wk, wks, 周, 个星期, 星期
    day: days, d, 天, 日
    h: hour, hours, hr, hrs, 小时, 个小时
    min: minute, minutes, mins, 分钟
    s: second, seconds, sec, secs, 秒, 秒钟
    pack-year: pack-years, 包年
    cigarette-year: 年支
    times: time, 次
    fold: -fold, 倍
    beats: beat, bpm
    breaths: breath
    dose: doses, 剂
    tablet: tablets, 片
    capsule: capsules, 粒
    drop: drops, 滴
    puff: puffs, 喷, 揿
    point: points, 分
    """
)
"""Every spelling, lower-case, to its form. Compound units are joined from these with ``/``."""

COUNTED = ("个", "份", "例", "名", "人", "项", "种", "处", "条", "位", "枚", "代", "轮", "步")
"""Chinese measure words that count things and measure nothing: dropped, as English has none."""

TIME_UNITS = frozenset({"s", "min", "h", "day", "week", "month"})

ENGLISH_NUMBERS: dict[str, float] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "half": 0.5,
}  # fmt: skip

CHINESE_NUMBERS = {
    "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10,
}  # fmt: skip

_PER_DAY = "times/day"
FREQUENCIES: tuple[tuple[re.Pattern[str], int | None, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), value, unit)
    for pattern, value, unit in (
        (r"\bonce\s+(?:daily|a\s+day|per\s+day|each\s+day|every\s+day)\b|\bo\.?d\.(?=\s|$)", 1, _PER_DAY),
        (r"\btwice[\s-]+(?:daily|a\s+day|per\s+day|each\s+day|every\s+day)\b|\bb\.?i\.?d\b\.?", 2, _PER_DAY),
        (r"\bthrice\s+(?:daily|a\s+day)\b|\bt\.?i\.?d\b\.?|\bt\.?d\.?s\b\.?", 3, _PER_DAY),
        (r"\bq\.?i\.?d\b\.?|\bq\.?d\.?s\b\.?", 4, _PER_DAY),
        (r"\bonce\s+(?:weekly|a\s+week|per\s+week|each\s+week)\b", 1, "times/week"),
        (r"\btwice[\s-]+(?:weekly|a\s+week|per\s+week|each\s+week)\b", 2, "times/week"),
        (r"\bonce\s+(?:monthly|a\s+month)\b", 1, "times/month"),
        (r"\bonce\s+(?:yearly|a\s+year|annually)\b", 1, "times/year"),
        (r"\btwice\s+(?:yearly|a\s+year)\b", 2, "times/year"),
        (r"\bq(?P<n>\d{1,2})\s?h(?:rs?)?\b|\b(?P<m>\d{1,2})[\s-]hourly\b", None, "h"),
        (r"(?:每日|每天|一日|一天|日)\s?(?:一|1)\s?次", 1, _PER_DAY),
        (r"(?:每日|每天|一日|一天|日)\s?(?:二|两|2)\s?次", 2, _PER_DAY),
        (r"(?:每日|每天|一日|一天|日)\s?(?:三|3)\s?次", 3, _PER_DAY),
        (r"(?:每日|每天|一日|一天|日)\s?(?:四|4)\s?次", 4, _PER_DAY),
        (r"每周\s?(?:一|1)\s?次", 1, "times/week"),
        (r"每周\s?(?:二|两|2)\s?次", 2, "times/week"),
    )
)
"""(pattern, value or None where the group ``n`` holds it, unit)."""
