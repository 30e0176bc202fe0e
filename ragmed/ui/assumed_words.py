"""What the app says about assumptions: part of the table of ``words``, under the same laws."""

from __future__ import annotations

# key → (English, Chinese)
ASSUMED: dict[str, tuple[str, str]] = {
    "assumed.group": ("The patient that this is for", "本回答针对的患者"),
    "assumed.named": ("Patient", "患者"),
    "assumed.taken": ("Assumed", "假定"),
    "assumed.change": ("Assumed: {now}. Ask again for: {other}", "假定：{now}。改问：{other}"),
    "assumed.back": ("Patient: {now}. Ask again for: {other}", "患者：{now}。改问：{other}"),
    "assumed.long": ("The question would be too long.", "问题将超出长度限制。"),
}
