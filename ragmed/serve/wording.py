"""Every fixed sentence that a chat gets from this room, in English and Chinese."""

from __future__ import annotations

from ragmed.records import Language

_WORDING: dict[str, tuple[str, str]] = {
    "sources": ("Sources", "出处"),
    "page": ("page {label}", "第 {label} 页"),
    "page.physical": ("page {label} (sheet {number})", "第 {label} 页（文件第 {number} 页）"),
    "superseded": ("superseded", "已被取代"),
    "withdrawn": ("withdrawn", "已撤回"),
    "licence": ("licence: {said}", "许可：{said}"),
    "differential": ("Differential", "鉴别诊断"),
    "cannot_miss": ("can't miss", "不可漏诊"),
    "for": ("For", "支持"),
    "against": ("Against", "不支持"),
    "next": ("Next tests", "下一步检查"),
    "in_case": ("in this case", "本例所见"),
    "case": ("Findings in the question", "问题中的发现"),
    "conflict": ("Two guidelines differ", "两份指南说法不一"),
    "newer": ("newer", "较新"),
    "no_date": ("date not known", "发布日期不详"),
    "no_source": ("no source in the library", "文库中无出处"),
    "task": (
        "This is an instruction to a language model, not a question for the library. It was not answered, and nothing "
        "was recorded. If files came with your question: only the library is read here; ask without them.",
        "这是给语言模型的指令，不是向文献库提出的问题；未予回答，也未留记录。如果您在提问时附上了文件：此处只查阅文献库，请不带附件再问。",
    ),
    "picture": (
        "Only words are read here, no pictures, sounds or files. Nothing was answered or recorded. Ask in words.",
        "此处只读取文字，不读取图片、声音或文件。未予回答，也未留记录。请用文字提问。",
    ),
}


def said(key: str, language: Language, **values: object) -> str:
    """The sentence named ``key`` with its values; a language other than Chinese gets English."""
    english, chinese = _WORDING[key]
    return (chinese if language is Language.CHINESE else english).format(**values)


def in_both(key: str) -> str:
    """The sentence in both languages, where the reader's is not known."""
    return "\n\n".join(_WORDING[key])
