"""What Tab offers at the prompt of `tickhouse sql`: schemas, tables, columns and the prompt's own words."""

from collections.abc import Sequence

WORDS = (".tables", ".schema", "quit", "select", "from", "where", "group by", "order by", "limit")


class Names:
    """Read when Tab is first pressed: from the project, so that nothing waits for the warehouse."""

    def __init__(self, words: Sequence[str] = WORDS) -> None:
        self._words = words
        self._known: list[str] | None = None
        self._found: list[str] = []

    def complete(self, begun: str, number: int) -> str | None:
        """The name of that number among those that begin so, as readline asks for them."""
        if number == 0:
            self._found = [name for name in self._names() if name.startswith(begun.lower())]
        return self._found[number] if number < len(self._found) else None

    def _names(self) -> list[str]:
        from ingest.core.errors import NeedsAttention
        from ingest.core.topics import TOPICS
        from ingest.warehouse.table_docs import read_table_docs

        if self._known is None:
            try:
                docs = read_table_docs()
            except NeedsAttention:  # nothing was built yet
                docs = []
            columns = {column.name for doc in docs for column in doc.columns}
            tables = {doc.relation for doc in docs} | {f"raw.{topic.raw_table}" for topic in TOPICS}
            self._known = [*self._words, *sorted(tables), *sorted(columns)]
        return self._known


def offer_names() -> None:
    """To whoever presses Tab from now on; lines can be edited, and come back with the arrow keys."""
    import readline

    readline.set_completer(Names().complete)
    readline.set_completer_delims(" \t\n,;()=<>'\"")  # a table's name has its schema before it
    is_libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
