"""The publishers of guidelines that RagMed knows by name, and the words that give them away.

Laws of this room: one row an organisation, ``(name shown, series prefix, pattern)``; patterns match whole words,
and short names only in capitals, because "who" and "nice" are words.
"""

from __future__ import annotations

import re

DEMONSTRATION = "RagMed demonstration library"

_ROWS: tuple[tuple[str, str, str], ...] = (
    (DEMONSTRATION, "demo", r"(?i:RagMed demonstration library)|RagMed ?演示(?:文库|库|指南库)"),
    ("World Health Organization", "who", r"(?i:World Health Organization)|\bWHO\b|世界卫生组织"),
    (
        "National Institute for Health and Care Excellence",
        "nice",
        r"(?i:National Institute for Health and (?:Care|Clinical) Excellence|\bnice\.org\.uk)|\bNICE\b",
    ),
    (
        "National Comprehensive Cancer Network",
        "nccn",
        r"(?i:National Comprehensive Cancer Network)|\bNCCN\b",
    ),
    (
        "Centers for Disease Control and Prevention",
        "cdc",
        r"(?i:Centers for Disease\s+Control and Prevention|\bcdc\.gov)|\bCDC\b",
    ),
    (
        "National Heart, Lung, and Blood Institute",
        "nhlbi",
        r"(?i:Na ?tional Heart,? Lung,? and Blood Institute|\bnhlbi\.nih\.gov)|\bNHLBI\b",
    ),
    (
        "National Institute of Diabetes and Digestive and Kidney Diseases",
        "niddk",
        r"(?i:National Institute of Diabetes and Digestive and Kidney Diseases?|\bniddk\.nih\.gov)|\bNIDDK\b"
        r"|(?i:National Diabetes Education Program)",
    ),
    ("National Cancer Institute", "nci", r"(?i:National Cancer Institute|\bcancer\.gov)"),
    ("National Institutes of Health", "nih", r"(?i:Na ?tional Institutes of Health)|\bNIH\b"),
    (
        "U.S. Preventive Services Task Force",
        "uspstf",
        r"(?i:U\.?S\.? Preventive Services Task Force|uspreventiveservicestaskforce)|\bUSPSTF\b",
    ),
    ("U.S. Food and Drug Administration", "fda", r"(?i:Food and Drug Administration|\bfda\.gov)|\bFDA\b"),
    ("European Medicines Agency", "ema", r"(?i:European Medicines Agency)"),
    (
        "European Society of Cardiology",
        "esc",
        r"(?i:European Society of Cardiology)|\bESC\b(?= (?:Guidelines?|Congress))",
    ),
    (
        "American College of Cardiology",
        "acc",
        r"(?i:American College of Cardiology)|\bACC/AHA\b|\bAHA/ACC\b",
    ),
    ("American Heart Association", "aha", r"(?i:American Heart Association)"),
    ("American Thoracic Society", "ats", r"(?i:American Thoracic Society)|\bATS/IDSA\b"),
    ("European Respiratory Society", "ers", r"(?i:European Respiratory Society)"),
    ("British Thoracic Society", "bts", r"(?i:British Thoracic Society)"),
    ("American College of Chest Physicians", "chest", r"(?i:American College of Chest Physicians)"),
    ("Fleischner Society", "fleischner", r"(?i:Fleischner Society)"),
    ("Infectious Diseases Society of America", "idsa", r"(?i:Infectious Diseases Society of America)|\bIDSA\b"),
    ("American Diabetes Association", "ada", r"(?i:American Diabetes Association)"),
    ("European Association for the Study of Diabetes", "easd", r"(?i:European Association for the Study of Diabetes)"),
    (
        "Global Initiative for Chronic Obstructive Lung Disease",
        "gold",
        r"(?i:Global Initiative for Chronic Obstructive Lung Disease)",
    ),
    ("Global Initiative for Asthma", "gina", r"(?i:Global Initiative for Asthma)"),
    (
        "Kidney Disease: Improving Global Outcomes",
        "kdigo",
        r"(?i:Kidney Disease:? Improving Global Outcomes)|\bKDIGO\b",
    ),
    ("European Society for Medical Oncology", "esmo", r"(?i:European Society for Medical Oncology)|\bESMO\b"),
    ("American Society of Clinical Oncology", "asco", r"(?i:American Society of Clinical Oncology)|\bASCO\b"),
    ("American College of Gastroenterology", "acg", r"(?i:American College of Gastroenterology)"),
    ("American Gastroenterological Association", "aga", r"(?i:American Gastroenterological Association)"),
    ("American Academy of Pediatrics", "aap", r"(?i:American Academy of Pediatrics)"),
    ("American College of Physicians", "acp", r"(?i:American College of Physicians)"),
    ("American College of Emergency Physicians", "acep", r"(?i:American College of Emergency Physicians)"),
    ("American College of Radiology", "acr", r"(?i:American College of Radiology)"),
    ("American College of Obstetricians and Gynecologists", "acog", r"(?i:American College of Obstetricians)|\bACOG\b"),
    ("American Stroke Association", "asa", r"(?i:American Stroke Association)"),
    ("Society of Critical Care Medicine", "sccm", r"(?i:Society of Critical Care Medicine|Surviving Sepsis Campaign)"),
    ("European Resuscitation Council", "erc", r"(?i:European Resuscitation Council)"),
    ("Resuscitation Council UK", "rcuk", r"(?i:Resuscitation Council (?:UK|\(UK\)))"),
    ("Scottish Intercollegiate Guidelines Network", "sign", r"(?i:Scottish Intercollegiate Guidelines Network)"),
    ("Cochrane", "cochrane", r"(?i:Cochrane (?:Library|Collaboration|Database))"),
    ("OpenStax", "openstax", r"(?i:\bOpenStax\b|openstax\.org)"),
    ("Springer", "springer", r"\bSpringer(?: Nature)?\b|doi\.org/10\.1007/"),
    ("中华医学会", "cma", r"中华医学会"),
    ("中国医师协会", "cmda", r"中国医师协会"),
    ("中国临床肿瘤学会", "csco", r"中国临床肿瘤学会|\bCSCO\b"),
    ("中国抗癌协会", "caca", r"中国抗癌协会"),
    ("国家卫生健康委员会", "nhc", r"国家卫生健康委|国家卫健委"),
    ("国家药品监督管理局", "nmpa", r"国家药品监督管理局"),
    ("中国疾病预防控制中心", "ccdc", r"中国疾病预防控制中心"),
)

ORGANISATIONS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (name, prefix, re.compile(pattern)) for name, prefix, pattern in _ROWS
)
"""``(name, series prefix, pattern)``."""

_NOT_LETTERS = re.compile(r"[^a-z]+")
_LETTERS = tuple(_NOT_LETTERS.sub("", name.lower()) for name, _, _ in ORGANISATIONS)


def named_in(text: str) -> tuple[str, ...]:
    """The known organisations that ``text`` names; their full names also where the letters are spaced out."""
    squeezed = _NOT_LETTERS.sub("", text.lower())
    return tuple(
        name
        for (name, _, pattern), letters in zip(ORGANISATIONS, _LETTERS, strict=True)
        if pattern.search(text) or (len(letters) >= 15 and letters in squeezed)
    )


def series_prefix(publisher: str) -> str:
    """The short name of a known publisher, or nothing."""
    return next((prefix for name, prefix, _ in ORGANISATIONS if name == publisher), "")
