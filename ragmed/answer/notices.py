"""Every fixed sentence that the program itself says about an answer, in English and Chinese.

Nothing here is medical: what a page says is quoted, never worded anew. A language other than Chinese gets English.
"""

from __future__ import annotations

from ragmed.records import Language

_WORDING: dict[str, tuple[str, str]] = {
    # --- why a citation failed (CitationCheck.reason) ---
    "uncited": ("no page is cited for this sentence", "这句话没有引用任何页面"),
    "no_document": ("the cited document is not in this snapshot of the library", "所引文献不在本次文献库快照中"),
    "no_page": ("the cited document has no page {page}", "所引文献没有第 {page} 页"),
    "no_chunk": ("the cited passage does not exist in this snapshot", "所引段落在本次快照中不存在"),
    "foreign_chunk": ("the cited passage belongs to another document or page", "所引段落属于另一份文献或另一页"),
    "empty_quote": ("the citation quotes no words", "引文为空"),
    "quote_not_there": (
        "the quoted words do not stand on page {page} of the cited edition",
        "引文不在所引版本的第 {page} 页上",
    ),
    "cut_word": (
        "the quotation begins or ends inside a word or number of the page",
        "引文在页面的一个词或数字中间截断",
    ),
    "hidden": ('"{words}" is in the file but cannot be seen on the page', "“{words}”在文件中，但在页面上看不见"),
    "boxes": (
        "where the words stand on the page is not known: its geometry is damaged",
        "页面坐标数据损坏，无法确定文字位置",
    ),
    "no_words": ("the sentence says nothing that could be checked", "这句话没有可核对的内容"),
    "not_of_case": (
        "it is about a disease that nothing in the case speaks for",
        "所述疾病在本病例中没有任何依据",
    ),
    "left_out_of_long": (
        "it leaves out part of a sentence too long to be shown in its place",
        "它略去了原句的一部分，而原句过长，无法以全句代替",
    ),
    "no_statement": (
        'its cited words are a heading or part of a list, and state nothing by themselves: "{page}"',
        "所引文字只是标题或列表的一部分，本身不构成陈述：“{page}”",
    ),
    "number_other": ('"{claim}" stands on the page as "{page}"', "“{claim}”在页面上写作“{page}”"),
    "number_none": ('"{claim}" does not stand in the cited words', "所引文字中没有“{claim}”"),
    "number_swapped": ('"{claim}" and "{page}" have changed places', "“{claim}”与“{page}”的位置对调了"),
    "name_none": ('"{claim}" does not stand in the cited words', "所引文字中没有“{claim}”"),
    "negation_added": (
        'the sentence denies what the page says: "{page}"',
        "这句话否定了页面所说的内容：“{page}”",
    ),
    "negation_widened": (
        'the sentence denies more than the page does: "{page}"',
        "这句话否定的范围超出页面所说：“{page}”",
    ),
    "negation_removed": (
        'the page denies or forbids what the sentence says: "{page}"',
        "页面否定或禁止这句话所说的内容：“{page}”",
    ),
    "negation_before": (
        'the quotation leaves out "{page}" before it',
        "引文略去了前面的“{page}”",
    ),
    "ellipsis": ('the omission leaves out "{page}"', "省略号略去了“{page}”"),
    "limit": ('the page makes a condition that the sentence leaves out: "{page}"', "页面有这句话略去的条件：“{page}”"),
    "dose_of_another": (
        '"{claim}" is on the page the dose of another drug, {page}',
        "“{claim}”在页面上是另一药物（{page}）的剂量",
    ),
    "opposite": ('"{claim}" stands on the page as "{page}"', "“{claim}”在页面上是“{page}”"),
    "drug": ('"{claim}" is not named in the cited words', "所引文字中没有提到“{claim}”"),
    "unsupported": ("too little of the sentence stands in the cited words", "所引文字不足以支持这句话"),
    "addressed": (
        "beside the cited words the page addresses a language model; they are no evidence",
        "所引文字附近有针对语言模型的指令，不作为依据",
    ),
    "no_diagnosis": ('no passage names the diagnosis "{claim}"', "没有段落写有诊断“{claim}”"),
    "other_diagnosis": (
        'the page says it of another matter than "{claim}": {page}',
        "页面此处不是关于“{claim}”：{page}",
    ),
    "other_side": ('the page says it for the other side of "{claim}"', "就“{claim}”而言，页面此处的意思相反"),
    "may_be_missed": ("no page says that it must not be missed", "没有页面注明不可漏诊"),
    "contradicted": (
        "a second check reads the page as saying otherwise ({percent}%)",
        "第二道核对认为页面所说与此相反（{percent}%）",
    ),
    "not_entailed": (
        "a second check does not find it borne out by the page ({percent}%, {least}% are asked for)",
        "第二道核对认为页面不足以支持这句话（{percent}%，要求 {least}%）",
    ),
    "unfinished": ("the writing ended before the sentence did", "这句话未写完"),
    # --- what is said of a whole answer (AnswerRecord.notice) ---
    "model": (
        "Written by a language model; every sentence was checked against its page.",
        "由语言模型撰写；每句话均已与原文页面核对。",
    ),
    "model_card": (
        "Put in order by a language model; every line was checked against its page.",
        "由语言模型排序；每一行均已与原文页面核对。",
    ),
    "card_added": (
        "Diagnoses of the library that the model had left out, and that are shown all the same: {count}.",
        "语言模型未列出而仍予显示的文献库诊断：{count}。",
    ),
    "passed_over": (
        "The model on this machine wrote it, for another engine could not be used: {reason}.",
        "由本机模型撰写，因另一引擎无法使用：{reason}。",
    ),
    "left_out": (
        "Passages found and not read by the model, for want of room: {count}.",
        "因篇幅所限未交模型阅读的段落：{count}。",
    ),
    "second_failed": (
        "The second check did not run ({reason}); the sentences were checked by the rules alone.",
        "第二道核对未能运行（{reason}），句子仅按规则核对。",
    ),
    "second_no_room": (
        "Sentences whose cited words are too long for the second check, checked by the rules alone: {count}.",
        "所引文字过长、第二道核对无法读入而仅按规则核对的句子：{count}。",
    ),
    "cut": ("The answer was cut at its greatest length.", "答案已达长度上限，就此截断。"),
    # --- why a model's draft is not shown (RefusedDraft.reason) ---
    "model_failed": ("The language model could not be used: {reason}.", "语言模型无法使用：{reason}。"),
    "draft_fell": (
        "The language model's draft is not shown: {failed} of its {count} sentences failed their check.",
        "语言模型的草稿不予显示：{count} 句中有 {failed} 句未通过核对。",
    ),
    "no_drafted_card": (
        "The language model wrote no differential that can be read; the library's own is shown.",
        "语言模型未写出可读的鉴别诊断；以下为文献库自身的内容。",
    ),
    "card_fell": (
        "The language model's differential is not shown: {failed} of its {count} lines failed their check.",
        "语言模型的鉴别诊断不予显示：{count} 行中有 {failed} 行未通过核对。",
    ),
    "draft_beside": (
        "The language model's draft is not shown: none of its sentences says what was asked; one of the library does.",
        "语言模型的草稿不予显示：其中没有一句回答所问的内容，而文献库中有这样的句子。",
    ),
    "model_found_nothing": (
        "The language model found no answer in these pages; the nearest sentences are quoted.",
        "语言模型未在这些页面中找到答案；以下摘录最接近的句子。",
    ),
    "stopped": (
        "Stopped before it was finished; what had been written was not checked and is not an answer.",
        "在写完之前已停止；已写出的内容未经核对，不作为答案。",
    ),
    "extractive": (
        "Quoted word for word from the library. No language model wrote this.",
        "以下为文献库原文摘录，未经任何语言模型撰写。",
    ),
    "in_english": (
        "The pages quoted are in English; they are shown in the original.",
        "以下为英文原文摘录，未作翻译。",
    ),
    "in_chinese": (
        "The pages quoted are in Chinese; they are shown in the original.",
        "引用页面为中文原文。",
    ),
    "partly_in_english": (
        "Some of the pages quoted are in English; they are shown in the original.",
        "部分摘录为英文原文，未作翻译。",
    ),
    "partly_in_chinese": (
        "Some of the pages quoted are in Chinese; they are shown in the original.",
        "部分引用页面为中文原文。",
    ),
    "superseded": (
        "Citation {markers}: a newer edition has replaced this document.",
        "引文 {markers}：该文献已被新版取代。",
    ),
    "withdrawn": (
        "Citation {markers}: this document has been withdrawn.",
        "引文 {markers}：该文献已被撤回。",
    ),
    "completed": (
        "Shown whole, as the page has it, because the model had left part of it out: {count}.",
        "因模型有所省略而按原文全句显示的句子：{count}。",
    ),
    "led": (
        "The last sentence is the one that the library leads with; the model had left it out.",
        "最后一句是文献库首选的原句，模型未予采用。",
    ),
    "replaced": (
        "The page's own sentence, in place of one that failed its check: {count}.",
        "以原文句子代替未通过核对的句子：{count}。",
    ),
    "withheld": (
        "Withheld because they failed their check: {count}.",
        "未通过核对而不予显示的句子：{count}。",
    ),
    "abstained": (
        "The library does not cover this question.",
        "文献库没有涵盖这个问题。",
    ),
    "no_sentence": (
        "The library has pages near this question, but no sentence that answers it.",
        "文献库中有相近页面，但没有能够回答该问题的句子。",
    ),
    # --- a number is asked for, and no sentence states one (ragmed.answer.unstated.KINDS) ---
    "unstated_dose": (
        "None of these sentences states a dose or an amount of what was asked for.",
        "以下各句均未写明所问的剂量或用量。",
    ),
    "unstated_duration": ("None of these sentences states how long.", "以下各句均未写明时长或疗程。"),
    "unstated_timing": ("None of these sentences states a time limit.", "以下各句均未写明时限。"),
    "unstated_interval": ("None of these sentences states how often.", "以下各句均未写明间隔或频次。"),
    "unstated_threshold": ("None of these sentences states a value.", "以下各句均未写明数值。"),
    "missing": ("Not found in the library: {terms}.", "文献库中未找到：{terms}。"),
    "nearest": ("Nearest titles: {titles}.", "最接近的文献：{titles}。"),
    "nothing_held": (
        "Nothing is shown: no sentence of the draft passed the check against its page.",
        "不予显示：草稿中没有一句通过与原文页面的核对。",
    ),
    "empty": ("Please type a question.", "请输入问题。"),
    "too_long": (
        "The question is too long: {count} characters, at most {limit} are taken. Shorten it.",
        "问题过长：{count} 个字符，最多 {limit} 个。请缩短。",
    ),
    "no_source": ("no source in the library", "文献库中无依据"),
    "no_card": (
        "The library has no differential diagnosis for this case.",
        "文献库中没有针对该病例的鉴别诊断。",
    ),
}


def said(key: str, language: Language, **values: object) -> str:
    """The sentence named ``key`` with its values. Raises KeyError for a name that is not in the table."""
    english, chinese = _WORDING[key]
    return (chinese if language is Language.CHINESE else english).format(**values)


def unstated_in(notice: str, language: Language) -> str:
    """The sentence of a notice that tells that a number asked for is not stated, "" where none does."""
    sentences = (said(key, language) for key in _WORDING if key.startswith("unstated_"))
    return next((one for one in sentences if one in notice), "")


def quoted_titles(titles: tuple[str, ...], language: Language) -> str:
    """Titles as they stand in a sentence."""
    if language is Language.CHINESE:
        return "、".join(f"《{title}》" for title in titles)
    return "; ".join(titles)
