"""How many years of school does a text ask for? RIX, which needs no dictionary of syllables.

J. Anderson, Lix and Rix: variations on a little-known readability index, Journal of Reading 26
(1983): long words (of seven letters or more) per sentence, with his table of grades. It was made
for English and counts letters, so it serves other languages; German joins words, hence its higher
limit (`GRADE_LIMITS`).
"""

import re

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"[.!?:;]+(?=\s|$)|\n+")
_GRADES = (
    (7.2, 13), (6.2, 12), (5.3, 11), (4.5, 10), (3.7, 9), (3.0, 8), (2.4, 7), (1.8, 6), (1.3, 5),
    (0.8, 4), (0.5, 3), (0.2, 2),
)  # fmt: skip
GRADE_LIMITS = {"en": 9, "de": 12, "fr": 10, "es": 11}


def words(text: str) -> list[str]:
    """Return the words of a text, without numbers."""
    return _WORD.findall(text)


def sentences(text: str) -> int:
    """Count the sentences: at least one where there is a word."""
    return max(1, sum(bool(words(part)) for part in _SENTENCE_END.split(text)))


def reading_grade(text: str) -> int:
    """Return the school grade, from 1 to 13 (college)."""
    long_words = sum(len(word) >= 7 for word in words(text))
    index = long_words / sentences(text)
    return next((grade for least, grade in _GRADES if index >= least), 1)
