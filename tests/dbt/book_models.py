"""The models that books are made of, for tests that build no others."""

MESSAGES = (
    *("stg_binance__depth_messages", "stg_binance__depth_levels"),
    *("stg_coinbase__book_messages", "stg_coinbase__book_levels"),
    *("stg_kraken__book_messages", "stg_kraken__book_levels"),
    "int_depth_messages_deduplicated",
)
WHOLE_BOOKS = ("int_book_messages_sequenced", "int_book_levels_checkpointed")
MARTS = ("int_book_levels_current", "fct_book_ladder", "fct_book_top", "fct_book_epochs")
OF_BOOKS = frozenset((*MESSAGES, *WHOLE_BOOKS, *MARTS))
