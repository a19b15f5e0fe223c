"""How is an object's JSON text made fast? A shape with named slots becomes one format string.

A shape is an ordinary dictionary in the wire's own order, in which `raw("name")` stands for a
ready JSON
text and `text("name")` for a string without characters that need escaping. Filling a shape of 70
fields
takes a few microseconds, about a tenth of building and encoding the dictionary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

_MARK = re.compile(r'"\\u0001(raw|text):([a-z0-9_]+)\\u0001"')
Fill = Callable[[Mapping[str, Any]], str]


def raw(name: str) -> str:
    """A slot for a JSON text."""
    return f"\x01raw:{name}\x01"


def text(name: str) -> str:
    """A slot for a plain string, put between quotes as it is."""
    return f"\x01text:{name}\x01"


def shape(skeleton: Mapping[str, Any]) -> Fill:
    """Compile a shape into a function from slot values to JSON text."""
    encoded = json.dumps(skeleton, separators=(",", ":")).replace("%", "%%")

    def slot(match: re.Match[str]) -> str:
        return f'"%({match[2]})s"' if match[1] == "text" else f"%({match[2]})s"

    pattern = _MARK.sub(slot, encoded)
    return pattern.__mod__


def quoted(value: str | None) -> str:
    """JSON text of an optional plain string."""
    return "null" if value is None else f'"{value}"'


def number(value: int | None) -> str:
    """JSON text of an optional integer."""
    return "null" if value is None else str(value)


def boolean(value: bool) -> str:
    """JSON text of a truth value."""
    return "true" if value else "false"


def array(texts: list[str]) -> str:
    """JSON text of an array of ready texts."""
    return f"[{','.join(texts)}]"


def embedded_list(texts: list[str], url: str, has_more: bool = False) -> str:
    """Stripe's list object inside another object."""
    data, more = ",".join(texts), boolean(has_more)
    return f'{{"object":"list","data":[{data}],"has_more":{more},"url":"{url}"}}'
