"""Text that others wrote, as a terminal, a log or a page may show it: what would steer them is spelt out.

"\\x1b[2J" ─▶ "\\\\x1b[2J"      "\\u202e" (what follows runs from right to left) ─▶ "\\\\u202e"
"""

import json
import unicodedata

KEPT = "\n\t"
STEERING = ("Cc", "Cf", "Zl", "Zp", "Cs")
"""Unicode's categories: controls, invisible formatting (with that for bidirectional text), separators of
lines and paragraphs, and halves of surrogate pairs."""


def visible(text: str) -> str:
    """The same text, with an escape as Python writes it in place of each character that steers."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelt(character) for character in text)


def visible_json(text: str) -> str:
    """The same JSON: what steers is spelt as JSON itself spells it, so a reader gets every character back."""
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    return "".join(json.dumps(one)[1:-1] if steers(one) else one for one in text)


def steers(character: str) -> bool:
    return unicodedata.category(character) in STEERING and character not in KEPT


def _spelt(character: str) -> str:
    return character.encode("unicode_escape").decode() if steers(character) else character
