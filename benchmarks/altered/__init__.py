"""True sentences altered by rule, and restated by rule: what the citation checks are measured on.

Laws of this room: an edit is a pure function of a sentence and a seeded chance; it never asks the checker, nor the
readers of numbers and denials that the checker is made of, so that what they cannot see is still altered and counted.
What is no alteration of meaning is left out by a written rule, before the verdict, and never for it: the number of a
list item, numbers of references, two members of one list exchanged, "adults and children" made "children and children".
"""
