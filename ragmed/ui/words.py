"""Every word that the app itself says, in English and Chinese.

Laws of this room: both languages have every key and the same ``{fields}`` (a test holds it); short verbs, whole words,
no exclamation marks. A count picks ``key.one`` or ``key.many``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ragmed.ui.assumed_words import ASSUMED
from ragmed.ui.audit_words import AUDIT
from ragmed.ui.library_words import LIBRARY
from ragmed.ui.review_words import REVIEW

Tongue = Literal["en", "zh"]
TONGUES: tuple[Tongue, ...] = ("en", "zh")

# key → (English, Chinese)
TABLE: dict[str, tuple[str, str]] = {
    **LIBRARY,
    **AUDIT,
    **ASSUMED,
    **REVIEW,
    # navigation and header
    "nav.ask": ("Ask", "提问"),
    "nav.library": ("Library", "文库"),
    "nav.language": ("Language of the page", "界面语言"),
    "nav.skip": ("Skip to the answer", "跳到回答"),
    "library.state.one": ("{count} guideline", "{count} 份指南"),
    "library.state.many": ("{count} guidelines", "{count} 份指南"),
    "snapshot.short": ("snapshot {number}", "快照 {number}"),
    "snapshot.published": ("Snapshot {number}, published ", "快照 {number}，发布于"),
    "snapshot.older": (
        "The library has changed since this answer: snapshot {number} is current.",
        "作答之后文库已有更新：当前为快照 {number}。",
    ),
    "snapshot.gone": ("no longer kept", "已不再保存"),
    # ask
    "ask.box": ("Enter a case or a question", "输入病例或问题"),
    "ask.mode": ("Kind of answer", "回答方式"),
    "ask.mode.auto": ("Auto", "自动"),
    "ask.mode.answer": ("Look up", "查询"),
    "ask.mode.differential": ("Differential", "鉴别诊断"),
    "ask.older": ("Older editions too", "含旧版"),
    "ask.recent": ("Recent", "最近"),
    "ask.recent.none": ("No questions yet.", "还没有提问。"),
    "ask.again": ("Ask again", "重新提问"),
    "ask.edit": ("Edit question", "修改问题"),
    "ask.examples": ("From this library", "可从文库中提问"),
    "ask.lead": (
        "Ask a clinical question. Every sentence of the answer opens the page that it came from.",
        "提出临床问题。回答中的每一句都能打开其出处页面。",
    ),
    "ask.care": (
        "A help for finding and reading guidelines. It does not replace clinical judgement.",
        "用于查找和阅读指南，不能替代临床判断。",
    ),
    "ask.working.search": ("Searching the library", "正在检索文库"),
    "ask.working.check": ("Checking every sentence against its page", "正在逐句核对原文"),
    "ask.working.write": ("Being written; no sentence of it is checked yet", "正在书写；尚未核对任何一句"),
    "ask.stop": ("Stop", "停止"),
    "ask.keys": ("Keys", "快捷键"),
    "ask.keys.list": (
        "/ question · Enter ask · 1–9 page · j k sentence · Esc close",
        "/ 输入 · Enter 提问 · 1–9 打开页面 · j k 上下句 · Esc 关闭",
    ),
    # answer
    "answer.title": ("Answer", "回答"),
    "answer.asked": ("Asked ", "提问于"),
    "answer.extractive": (
        "Verbatim quotes. No language model wrote this.",
        "逐字摘录原文，未经语言模型改写。",
    ),
    "answer.model": (
        "Written by {model}. Every sentence was checked against its page.",
        "由 {model} 撰写，每一句均已与原文核对。",
    ),
    "answer.adapter": ("with adapter {adapter}", "附适配器 {adapter}"),
    "answer.missing": ("Not in the pages found:", "所查页面中未出现："),
    "answer.withheld.one": ("{count} sentence withheld", "已扣留 {count} 句"),
    "answer.withheld.many": ("{count} sentences withheld", "已扣留 {count} 句"),
    "answer.withheld.why": (
        "Left out of the answer because the cited page does not bear it out.",
        "因所引页面不能证实，未列入回答。",
    ),
    "answer.uncited": ("no citation", "无引用"),
    "answer.record": ("Record", "记录"),
    "answer.took": ("took {seconds} s", "用时 {seconds} 秒"),
    "answer.evidence": ("pages after {seconds} s", "{seconds} 秒后显示页面"),
    "answer.first": ("first words after {seconds} s", "{seconds} 秒后出现首句"),
    "answer.late": (" (meant to come within {seconds} s)", "（应在 {seconds} 秒内）"),
    "answer.late_words": (" (within {seconds} s on a GPU)", "（用 GPU 时应在 {seconds} 秒内）"),
    "answer.copy": ("Copy text", "复制文本"),
    "answer.link": ("Copy link", "复制链接"),
    "answer.unwritten": ("nothing was written to its end", "没有写完"),
    "instead.title": ("Quoted instead of written", "改为原文摘录"),
    "instead.draft": ("Sentences of the draft that failed", "草稿中未通过核对的句子"),
    "stopped.title": ("Stopped.", "已停止。"),
    "answer.copied": ("Copied", "已复制"),
    "answer.kind.answer": ("Look-up", "查询"),
    "answer.kind.differential": ("Differential", "鉴别诊断"),
    # abstention and rejection
    "abstain.title": ("The library does not cover this.", "文库未涵盖此问题。"),
    "abstain.nearest": ("Nearest titles", "最接近的文献"),
    "abstain.librarian": ("Copy for the librarian", "复制给文库管理员"),
    "abstain.librarian.text": (
        "Asked, and not covered by the library: {question}",
        "提问未被文库涵盖：{question}",
    ),
    "reject.title": ("No answer to show.", "没有可显示的回答。"),
    # verdicts
    "verdict.verbatim": ("word for word", "逐字引用"),
    "verdict.supported": ("borne out by the page", "原文支持"),
    "verdict.number_mismatch": ("a number differs from the page", "数值与原文不符"),
    "verdict.negation_mismatch": ("the page says the opposite", "与原文肯定、否定相反"),
    "verdict.unsupported": ("not borne out by the page", "原文不支持"),
    "verdict.unresolvable": ("the quoted words were not found", "未找到所引文字"),
    "chip.label": (
        "Citation {number}, {verdict}: {title}, page {page}",
        "引用 {number}，{verdict}：{title}，第 {page} 页",
    ),
    # differential
    "dx.title": ("Differential", "鉴别诊断"),
    "dx.for": ("For", "支持"),
    "dx.against": ("Against", "不支持"),
    "dx.next": ("Next", "下一步"),
    "dx.cannot_miss": ("Can’t miss", "不可漏诊"),
    "dx.no_source": ("no source in the library", "文库中无出处"),
    "dx.in_case": ("in this case", "本例所见"),
    "dx.case": ("Findings in the question", "问题中的发现"),
    "dx.legend": ("Bold: seen in this case", "粗体：本例所见"),
    "dx.none": ("nothing found", "未找到"),
    # where guidelines differ
    "conflict.title.one": ("Two guidelines differ", "两份指南说法不一"),
    "conflict.title.many": ("Guidelines differ in {count} places", "指南有 {count} 处说法不一"),
    "conflict.newer": ("Newer", "较新"),
    "conflict.date.none": ("date not known", "发布日期不详"),
    "conflict.unordered": ("Which of them is newer is not known.", "无法确定何者较新。"),
    "conflict.note": (
        "Both are current in this library. Which one applies is for you to judge.",
        "两者在文库中均为现行版本，以何者为准请自行判断。",
    ),
    # sources
    "source.title": ("Sources", "出处"),
    "source.also": ("Also found, not cited", "另检索到，未引用"),
    "source.found.one": ("{count} passage found", "找到 {count} 段"),
    "source.found.many": ("{count} passages found", "找到 {count} 段"),
    "source.page": ("page {label}", "第 {label} 页"),
    "source.page.physical": ("page {label} (sheet {number} of {total})", "第 {label} 页（文件第 {number}/{total} 页）"),
    "source.edition.none": ("no edition printed", "未印版次"),
    "source.date.none": ("undated", "未注日期"),
    "source.publisher.none": ("publisher not named", "未注明发布者"),
    "source.superseded": ("Superseded", "已被取代"),
    "source.superseded.by": ("Superseded by {edition}", "已被 {edition} 取代"),
    "source.superseded.since": ("Superseded since by {edition}", "此后已被 {edition} 取代"),
    "source.licence": ("Licence: {said}", "许可：{said}"),
    "source.permission": ("Used by permission: {said}", "经许可使用：{said}"),
    "source.withdrawn": ("Withdrawn", "已撤回"),
    # evidence viewer
    "view.title": ("Evidence", "证据"),
    "view.close": ("Close", "关闭"),
    "view.previous": ("Previous citation", "上一处引用"),
    "view.passage": ("Passage {number}", "第 {number} 段"),
    "view.next": ("Next citation", "下一处引用"),
    "view.alt": ("Page {page} of {title}, with the quoted words marked", "{title} 第 {page} 页，引文已标出"),
    "view.open": ("Open image", "打开图片"),
    "view.closer": ("Closer", "放大"),
    "view.whole": ("Whole page", "整页"),
    "view.failed": (
        "The page image could not be made. The quoted words above are from the stored text.",
        "无法生成页面图像。上方引文取自已存文本。",
    ),
    "view.of": ("{number} of {total}", "{number} / {total}"),
    "view.quote": ("Quote ", "引文 "),
    # first run and indexing
    "first.title": ("No library has been indexed yet.", "尚未建立文库索引。"),
    "first.folder": ("Documents are read from {folder}: {files}.", "文献读自 {folder}：{files}。"),
    "first.files.one": ("{count} file", "{count} 个文件"),
    "first.files.many": ("{count} files", "{count} 个文件"),
    "first.empty": (
        "The folder holds no files. Put guidelines there (PDF, HTML, Markdown, DOCX, EPUB, TXT), then build.",
        "文件夹为空。请放入指南文件（PDF、HTML、Markdown、DOCX、EPUB、TXT）后再建立索引。",
    ),
    "first.build": ("Build the index", "建立索引"),
    "first.building": ("Building the index", "正在建立索引"),
    "first.leave": (
        "You may leave this page and come back. Questions can be asked when it is done.",
        "可离开本页稍后再来，完成后即可提问。",
    ),
    "first.step.reading": ("Reading files", "读取文件"),
    "first.step.embedding": ("Working out meaning", "计算语义"),
    "first.step.index": ("Writing the index", "写入索引"),
    "first.step.verify": ("Checking what was written", "核对写入内容"),
    "first.left": ("about {left} left", "约剩 {left}"),
    "first.failed": ("The index was not built.", "索引未能建立。"),
    # notes about how files were read
    "note.pages.one": ("page {pages}", "第 {pages} 页"),
    "note.pages.many": ("pages {pages}", "第 {pages} 页"),
    "note.pages.more": (" and {count} more", " 等，另有 {count} 页"),
    "note.more": ("and {count} more like it", "另有 {count} 条同类说明"),
    "note.refused": ("Not read", "未读取"),
    "note.refused.why": ("The file cannot be read.", "该文件无法读取。"),
    "note.no_text": ("No text", "无文字"),
    "note.no_text.why": (
        "Nothing on this page can be found or quoted.",
        "此页内容无法检索，也无法引用。",
    ),
    "note.ocr": ("Read by OCR", "经 OCR 识别"),
    "note.ocr.why": (
        "A scanned page: check figures and doses against its picture.",
        "扫描页：数值和剂量请对照页面图像核对。",
    ),
    "note.ocr_missing": ("Scan, not read", "扫描页，未读取"),
    "note.ocr_missing.why": (
        "The OCR program is not installed here. Install it and index again.",
        "本机未安装 OCR 程序。安装后重新建立索引。",
    ),
    "note.hidden_text": ("Hidden text left out", "隐藏文字未收录"),
    "note.hidden_text.why": (
        "Words that a reader of the page cannot see are not quoted.",
        "读者在页面上看不到的文字不作引用。",
    ),
    "note.garbled": ("Letters could not be made out", "文字编码无法辨认"),
    "note.garbled.why": (
        "The words there may be wrong: compare them with the page, or get another copy.",
        "此处文字可能有误：请与页面对照，或换一份文件。",
    ),
    "note.repaired": ("Damaged, and read all the same", "文件有损，已修复读取"),
    "note.repaired.why": (
        "Compare the page count with the original, or get the file again.",
        "请与原件核对页数，或重新获取文件。",
    ),
    "note.limit": ("Cut short by a limit", "因限额未读完"),
    "note.limit.why": (
        "The rest was not read. Raise the limit in the settings, or split the file.",
        "其余部分未读取。请在设置中提高限额，或拆分文件。",
    ),
    "note.attachment": ("Attachments not read", "附件未读取"),
    "note.attachment.why": (
        "If they matter, put them into the library as files of their own.",
        "如有需要，请将附件单独放入文库。",
    ),
    "note.script": ("Carries a script", "含脚本"),
    "note.script.why": ("It was not run. Nothing needs doing.", "脚本未被执行，无需处理。"),
    "note.instruction": ("Text that addresses a language model", "含有针对语言模型的文字"),
    "note.instruction.why": (
        "It is treated as plain text. Ask the publisher where it comes from.",
        "仅作普通文字处理。请向发布者核实其来源。",
    ),
    "note.licence": ("The licence restricts its use", "许可限制其使用"),
    "note.licence.why": (
        "It answers only once a permission is recorded: who gave it, when, and where it is written.",
        "须先登记许可（何人、何时、何处书面载明），方可用于回答。",
    ),
    "note.odd_order": ("Lines may be out of order", "行序可能有误"),
    "note.odd_order.why": (
        "The page gives no evidence until somebody has compared the text with its picture.",
        "在有人将文字与页面图像核对之前，该页不作为依据。",
    ),
    "note.metadata": ("Title, edition or date to check", "标题、版次或日期需核对"),
    "note.metadata.why": (
        "Where it is wrong, say so in a file NAME.toml beside the document.",
        "如有错误，请在文献旁的 NAME.toml 文件中更正。",
    ),
    # why a file was refused, where the page's language is not the readers'
    "refused.password": (
        "A password is needed. Put a copy without it into the library.",
        "需要密码才能打开。请将去除密码的副本放入文库。",
    ),
    "refused.scan": (
        "A scan without text. Install the OCR program and index again.",
        "扫描件，没有文字。请安装 OCR 程序后重新建立索引。",
    ),
    "refused.hidden": (
        "All its text is hidden from view. Get the file again from its publisher.",
        "全部文字均不可见。请向发布者重新获取文件。",
    ),
    "refused.empty": ("The file holds nothing to read. Get it again.", "文件没有可读内容。请重新获取。"),
    "refused.attack": (
        "The file looks built to do harm. Get it again from its publisher.",
        "文件结构可疑。请向发布者重新获取。",
    ),
    "refused.limit": (
        "Reading it goes beyond a limit. Split it, or raise the limit in the settings.",
        "读取超出限额。请拆分文件，或在设置中提高限额。",
    ),
    "refused.kind": (
        "Files of this kind are not read. Save it as PDF or DOCX.",
        "不支持此类文件。请另存为 PDF 或 DOCX。",
    ),
    "refused.sidecar": ("The file .toml beside it has a mistake. Mend it.", "旁边的 .toml 文件有误。请更正。"),
    "refused.damaged": ("The file is damaged. Get it again from its publisher.", "文件已损坏。请向发布者重新获取。"),
    # trouble
    "error.title": ("That did not work.", "未能完成。"),
    "error.remedy": ("What to do: {remedy}", "处理办法：{remedy}"),
    "error.record": (
        "This link names an answer that is not kept here.",
        "此链接所指的回答未保存在本机。",
    ),
    "error.unexpected": (
        "The page could not be shown. The fault is noted in the program’s log.",
        "页面无法显示，故障已记入程序日志。",
    ),
    # time
    "time.now": ("just now", "刚刚"),
    "time.minutes": ("{count} min ago", "{count} 分钟前"),
    "time.hours": ("{count} h ago", "{count} 小时前"),
    "time.days.one": ("{count} day ago", "{count} 天前"),
    "time.days.many": ("{count} days ago", "{count} 天前"),
    "time.months.one": ("{count} month ago", "{count} 个月前"),
    "time.months.many": ("{count} months ago", "{count} 个月前"),
    "time.years.one": ("{count} year ago", "{count} 年前"),
    "time.years.many": ("{count} years ago", "{count} 年前"),
    "time.span.seconds": ("{count} s", "{count} 秒"),
    "time.span.minutes": ("{count} min", "{count} 分钟"),
    # punctuation between parts
    "list.and": (", ", "、"),
    "list.then": (", ", "，"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language."""

    tongue: Tongue

    def __call__(self, key: str, **fields: object) -> str:
        """The text for ``key`` with its fields filled in. Raises KeyError for a key that is not in the table."""
        return TABLE[key][TONGUES.index(self.tongue)].format(**fields)

    def count(self, key: str, count: int, **fields: object) -> str:
        """``key.one`` or ``key.many``, by ``count``."""
        return self(f"{key}.one" if count == 1 else f"{key}.many", count=count, **fields)


def tongue_of(locale: str | None) -> Tongue:
    """The interface language for a browser's locale such as ``zh-CN``; English where it says nothing we speak."""
    return "zh" if (locale or "").lower().startswith("zh") else "en"
