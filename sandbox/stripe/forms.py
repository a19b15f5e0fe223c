"""What do bracketed form fields mean?

`a[b][]=x` and `items[0][price]=y` to nested dictionaries and lists.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from sandbox.stripe.errors import invalid

_PART = re.compile(r"\[([^\[\]]*)\]")


def parse_form(text: str) -> dict[str, Any]:
    """Decode a query string or form body into nested values; numbered keys become lists."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head = name.split("[", 1)[0]
        path = [head, *_PART.findall(name[len(head) :])]
        if not head:
            raise invalid(f"Invalid parameter name: {name}", name)
        _put(root, path, value)
    return {name: _lists(value) for name, value in root.items()}


def _put(node: dict[str, Any], path: list[str], value: str) -> None:
    for place, part in enumerate(path):
        key = part if part else str(len(node))
        if place == len(path) - 1:
            node[key] = value
            return
        inner = node.setdefault(key, {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid hash: {path[0]}", path[0])
        node = inner


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(item) for name, item in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def as_bool(value: Any, param: str) -> bool:
    """A truth value of a form."""
    if value in ("true", True):
        return True
    if value in ("false", False):
        return False
    raise invalid(f"Invalid boolean: {value}", param)


def as_int(value: Any, param: str) -> int:
    """An integer of a form."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise invalid(f"Invalid integer: {value}", param, "parameter_invalid_integer") from None


def as_list(value: Any, param: str) -> list[Any]:
    """A list of a form."""
    if isinstance(value, list):
        return value
    raise invalid(f"Invalid array: {value}", param)
