"""Words that say nothing of what a text is about. Written for this project; question words are among them."""

from __future__ import annotations

ENGLISH_STOP_WORDS = frozenset(
    """
    a about above after again against all also am an and any are as at be because been before being below between both
    but by can cannot could did do does doing down during each few for from further had has have having he her here hers
    herself him himself his how i if in into is it its itself just let may me might more most much must my myself no nor
    not of off on once only or other ought our ours ourselves out over own per same shall she should so some such than
    that the their theirs them themselves then there these they this those through to too under until up upon us very
    was we were what when where whether which while who whom whose why will with within without would you your yours
    yourself yourselves s t ll ve re d m don doesn didn isn aren wasn weren won wouldn couldn shouldn hasn haven hadn
    """.split()  # noqa: SIM905 - a list literal of 180 quoted words cannot be read
)
"""Lower-case English words that are not indexed."""

HAN_STOP_CHARACTERS = frozenset("的了着和与及或在是有被把对从以于为其之而也都就还又但该各等这那此个些们吗呢吧啊么")
"""Chinese characters that are not indexed where they stand alone, and that part the loose characters around them."""
