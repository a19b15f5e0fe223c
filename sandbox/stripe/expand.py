"""What does `expand[]` put in place of an id?

The object itself, along a path, in answers and in lists.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.stripe.account import Account
from sandbox.stripe.errors import invalid

# Lists that an object only carries when asked: (kind, member) to (listed kind, stored column, url).
_LISTS = {
    ("charge", "refunds"): ("refund", "parent", "/v1/charges/{id}/refunds"),
    ("invoice", "payments"): ("invoice_payment", "parent", "/v1/invoice_payments?invoice={id}"),
    ("customer", "subscriptions"): ("subscription", "customer", "/v1/customers/{id}/subscriptions"),
    ("customer", "tax_ids"): ("tax_id", "customer", "/v1/customers/{id}/tax_ids"),
    ("customer", "sources"): ("source", "customer", "/v1/customers/{id}/sources"),
}
_DEPTH = 4


def expand(account: Account, value: dict[str, Any], paths: Any) -> dict[str, Any]:
    """Expand every path in an object or list object, in place."""
    if not isinstance(paths, list):
        raise invalid("Invalid array", "expand")
    for path in paths:
        parts = str(path).split(".")
        if sum(part != "data" for part in parts) > _DEPTH:
            raise invalid(
                f"You cannot expand more than {_DEPTH} levels of a property. Property: {path}",
                "expand",
            )
        _walk(account, value, parts, str(path))
    return value


def _walk(account: Account, node: Any, parts: list[str], path: str) -> None:
    if isinstance(node, list):
        for item in node:
            _walk(account, item, parts, path)
        return
    if not isinstance(node, dict):
        return
    head, rest = parts[0], parts[1:]
    if node.get("object") == "list" and head != "data":
        raise invalid(
            f"This property cannot be expanded ({path}). You may need to prefix it with 'data.'.",
            "expand",
        )
    listed = _LISTS.get((str(node.get("object")), head))
    if listed is not None and head not in node:
        node[head] = _list(account, listed, str(node["id"]))
    if head not in node:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    node[head] = _resolved(account, node[head])
    if rest:
        _walk(account, node[head], rest, path)


def _resolved(account: Account, found: Any) -> Any:
    if isinstance(found, list):
        return [_resolved(account, item) for item in found]
    if not isinstance(found, str):
        return found
    body = account.store.body(found)
    return found if body is None else json.loads(body)


def _list(account: Account, listed: tuple[str, str, str], identity: str) -> dict[str, Any]:
    kind, column, url = listed
    where = f"kind = ? and {column} = ?" + (
        " and status <> 'canceled'" if kind == "subscription" else ""
    )
    texts = account.store.page(where, [kind, identity], 11, backwards=False)
    return {
        "object": "list",
        "data": [json.loads(text) for text in texts[:10]],
        "has_more": len(texts) > 10,
        "url": url.format(id=identity),
    }
