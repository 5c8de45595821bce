from typing import Any

# The type stubs that pyright brings are those of kafka-python 2; version 3 has none: everything is Any.
def __getattr__(name: str) -> Any: ...
