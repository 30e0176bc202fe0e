"""The bilingual word list of RagMed: medical terms, abbreviations, and the glosses made from them.

The rules of the room:

* It knows words, not pages: it imports nothing else of ragmed, and nothing outside the standard library.
* Importing it reads no file; the tables are loaded once, at the first question put to them.
* Offsets are the truth: for every match ``text[match.start:match.end] == match.surface``; none overlap.
* A word leads to one concept. Where an abbreviation has several senses, the rest of the text decides, the
  first listed sense is the default, and the others are carried along.
* The preferred English form is the one that most pages of the library use: American, but for "tumour marker".
* A gloss helps to *find* a page in the other language. It is never shown as a translation and never quoted.
* The tables were written for this project from general medical knowledge; no term list was copied.
"""

from ragmed.terms.abbreviations import AbbreviationMatch, find_abbreviations
from ragmed.terms.gloss import gloss_to_chinese, gloss_to_english, synonyms
from ragmed.terms.look_alike import look_alike_pattern, look_alikes
from ragmed.terms.match import TermMatch, find_terms
from ragmed.terms.tables import Sense, TableError, Term, all_senses, all_terms, chinese_words

__all__ = [
    "AbbreviationMatch",
    "Sense",
    "TableError",
    "Term",
    "TermMatch",
    "all_senses",
    "all_terms",
    "chinese_words",
    "find_abbreviations",
    "find_terms",
    "gloss_to_chinese",
    "gloss_to_english",
    "look_alike_pattern",
    "look_alikes",
    "synonyms",
]
