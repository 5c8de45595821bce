"""What others wrote, in Dagster's UI: shown as code, letter by letter.

The UI renders markdown metadata and the descriptions of events. An image in it is fetched with the viewer's
rights, and Dagster runs mutations that come by GET: text of a payload must never be markdown.

symbol, file name ─▶ as_code        error text ─▶ as_block        rows ─▶ not markdown: a table
"""

import re

from ingest.core.visible import visible


def as_code(text: str) -> str:
    """On one line, to stand within a sentence or an image's title."""
    shown = " ".join(visible(text).split())
    fence = "`" * (_longest_fence(shown) + 1)
    # Spaces at both ends, which the renderer takes off again, keep the text's own backticks from the fence.
    return f"{fence} {shown} {fence}"


def as_block(text: str) -> str:
    """On lines of its own."""
    shown = visible(text)
    fence = "`" * max(3, _longest_fence(shown) + 1)
    return f"{fence}\n{shown}\n{fence}"


def _longest_fence(text: str) -> int:
    return max((len(found) for found in re.findall("`+", text)), default=0)
