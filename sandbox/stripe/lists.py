"""Which page of a list answers a request? Cursors, filters, and pages cut as bytes."""

from __future__ import annotations

import json
from typing import Any

from sandbox.stripe.endpoints import EMBEDDED, LISTS, WITHOUT_CREATED, ListEndpoint
from sandbox.stripe.errors import invalid, missing, required
from sandbox.stripe.forms import as_int, as_list
from sandbox.stripe.store import Store
from sandbox.stripe.template import embedded_list

_PAGING = frozenset({"limit", "starting_after", "ending_before", "expand", "created"})
_BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


class Page:
    """One page: its texts, newest first, and whether there is more beyond."""

    def __init__(self, texts: list[str], has_more: bool, url: str) -> None:
        """Hold a page."""
        self.texts, self.has_more, self.url = texts, has_more, url

    def body(self) -> str:
        """The list object's text."""
        return embedded_list(self.texts, self.url, self.has_more)


def page_limit(query: dict[str, Any]) -> int:
    """`limit`, between 1 and 100, 10 where it is not given."""
    limit = as_int(query.get("limit", 10), "limit")
    if not 1 <= limit <= 100:
        bound = "greater than or equal to 1" if limit < 1 else "less than or equal to 100"
        raise invalid(f"This value must be {bound}.", "limit", "parameter_invalid_integer")
    return limit


def read_page(
    store: Store, name: str, parent: str | None, path: str, query: dict[str, Any], events_from: int
) -> Page:
    """The page of list `name` that a query asks for."""
    limit = page_limit(query)
    if "starting_after" in query and "ending_before" in query:
        raise invalid(
            "You cannot parameterize both starting_after and ending_before.", "starting_after"
        )
    if name in EMBEDDED:
        return _embedded(store, name, parent or "", path, query, limit)
    endpoint = LISTS[name]
    where, values = _conditions(store, endpoint, parent, query, events_from)
    backwards = "ending_before" in query
    cursor = query.get("ending_before" if backwards else "starting_after")
    if cursor is not None:
        stored = f"plan:{cursor}" if endpoint.kind == "plan" else str(cursor)
        place = store.place(stored)
        if place is None or place[0].removeprefix("deleted_") != endpoint.kind:
            raise missing(
                endpoint.kind, str(cursor), "ending_before" if backwards else "starting_after"
            )
        where += f" and (created, seq) {'>' if backwards else '<'} (?, ?)"
        values += [place[1], place[2]]
    texts = store.page(where, values, limit + 1, backwards)
    more = len(texts) > limit
    kept = (texts[1:] if backwards else texts[:-1]) if more else texts
    return Page(kept, more, path)


def _conditions(
    store: Store,
    endpoint: ListEndpoint,
    parent: str | None,
    query: dict[str, Any],
    events_from: int,
) -> tuple[str, list[Any]]:
    clauses: list[str] = ["kind = ?"]
    values: list[Any] = [endpoint.kind]
    if endpoint.required and endpoint.required not in query:
        raise required(endpoint.required)
    if endpoint.parent is not None:
        clauses.append(f"{endpoint.parent} = ?")
        values.append(parent)
        if store.body(parent or "") is None and endpoint.parent == "customer":
            raise missing("customer", parent or "", "customer")
    for name, value in query.items():
        if name in _PAGING or (name == endpoint.required and name not in endpoint.filters):
            continue
        _filter(store, endpoint, name, value, clauses, values)
    bounds = query.get("created")
    undated = endpoint.path in WITHOUT_CREATED or endpoint.parent is not None
    if bounds is not None and undated:
        raise invalid("Received unknown parameter: created", "created", "parameter_unknown")
    if isinstance(bounds, dict):
        for bound, at in bounds.items():
            if bound not in _BOUNDS:
                raise invalid(
                    f"Received unknown parameter: created[{bound}]",
                    f"created[{bound}]",
                    "parameter_unknown",
                )
            clauses.append(f"created {_BOUNDS[bound]} ?")
            values.append(as_int(at, f"created[{bound}]"))
    elif bounds is not None:
        clauses.append("created = ?")
        values.append(as_int(bounds, "created"))
    if endpoint.kind == "subscription" and "status" not in query:
        clauses.append("status <> 'canceled'")
    if endpoint.kind == "event":
        clauses.append("created >= ?")
        values.append(events_from)
    return " and ".join(clauses), values


def _filter(
    store: Store,
    endpoint: ListEndpoint,
    name: str,
    value: Any,
    clauses: list[str],
    values: list[Any],
) -> None:
    kind = endpoint.kind
    if kind == "invoice_payment" and name == "payment" and isinstance(value, dict):
        intent = str(value.get("payment_intent", ""))
        clauses.append("parent = (select parent from objects where id = ?)")  # its invoice
        clauses.append("json_extract(body, '$.payment.payment_intent') = ?")
        values += [intent, intent]
        return
    if isinstance(value, dict) and name != "arrival_date":
        raise invalid("Invalid string", name)
    if name == "status" and endpoint.statuses and value not in endpoint.statuses:
        *first, last = endpoint.statuses
        raise invalid(f"Invalid status: must be one of {', '.join(first)}, or {last}", name)
    if kind == "event" and name == "types":
        value = as_list(value, name)
    if kind == "subscription" and name == "status":
        if value == "ended":
            clauses.append("status in ('canceled', 'incomplete_expired')")
        elif value != "all":
            clauses.append("status = ?")
            values.append(value)
    elif kind == "balance_transaction" and name == "payout":
        _payout_members(store, str(value), clauses, values)
    elif kind == "event" and name == "types":
        clauses.append(f"status in ({','.join('?' * len(value))})")
        values.extend(value)
    elif kind == "event" and name == "delivery_success":
        clauses.append("parent is not null" if value == "false" else "parent is null")
    elif kind == "event" and name == "type" and str(value).endswith(".*"):
        clauses.append("status like ?")
        values.append(str(value)[:-1] + "%")
    elif kind == "payout" and name in ("arrival_date",):
        clauses.append("json_extract(body, '$.arrival_date') >= ?")
        values.append(as_int(value.get("gte", 0) if isinstance(value, dict) else value, name))
    elif name in endpoint.filters:
        column = endpoint.filters[name]
        if column == "items":
            clauses.append("body like ?")
            values.append(f'%"id":"{value}"%')
        elif column.startswith("json:"):
            clauses.append(f"json_extract(body, '{column[5:]}') = ?")
            values.append({"true": 1, "false": 0}.get(str(value), value))
        elif isinstance(value, list):
            clauses.append(f"{column} in ({','.join('?' * len(value))})")
            values.extend(value)
        else:
            clauses.append(f"{column} = ?")
            values.append(value)
    else:
        raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")


def _payout_members(store: Store, payout: str, clauses: list[str], values: list[Any]) -> None:
    row = store.connection.execute(
        "select parent from objects where id = ? and kind = 'payout'", (payout,)
    ).fetchone()
    if row is None:
        raise missing("payout", payout, "payout")
    currency, after, upto = str(row[0]).split(":")
    clauses.append("customer > ? and customer <= ?")
    values += [f"{currency}:{after}", f"{currency}:{upto}"]


def _embedded(
    store: Store, name: str, parent: str, path: str, query: dict[str, Any], limit: int
) -> Page:
    kind, member, line_kind = EMBEDDED[name]
    text = store.body(parent)
    if text is None:
        raise missing(kind, parent, kind)
    value = json.loads(text)
    if kind == "checkout.session":
        invoice = store.body(str(value.get("invoice"))) if value.get("invoice") else None
        lines = (
            [_checkout_line(line) for line in json.loads(invoice)["lines"]["data"]]
            if invoice
            else []
        )
    elif value[member]["has_more"]:
        where = "kind = ? and parent = ?"
        texts = store.page(where, [line_kind, parent], 1_000_000, backwards=True)
        lines = [json.loads(found) for found in reversed(texts)]
    else:
        lines = value[member]["data"]
    ids = [line["id"] for line in lines]
    begin, end = 0, len(ids)
    for param in ("starting_after", "ending_before"):
        if param in query:
            if query[param] not in ids:
                raise missing(line_kind, str(query[param]), param)
            place = ids.index(query[param])
            begin, end = (place + 1, end) if param == "starting_after" else (0, place)
    if "ending_before" in query:
        chosen, more = lines[max(begin, end - limit) : end], end - begin > limit
    else:
        chosen, more = lines[begin : begin + limit], end - begin > limit
    return Page([json.dumps(line, separators=(",", ":")) for line in chosen], more, path)


def _checkout_line(line: dict[str, Any]) -> dict[str, Any]:
    tax = sum(item["amount"] for item in line["taxes"] or [])
    discount = sum(item["amount"] for item in line["discount_amounts"])
    return {
        "id": "li" + line["id"][2:], "object": "item", "adjustable_quantity": None,
        "amount_discount": discount, "amount_subtotal": line["amount"],
        "amount_tax": tax, "amount_total": line["amount"] - discount + tax,
        "currency": line["currency"], "description": line["description"],
        "metadata": {}, "price": line["pricing"]["price_details"]["price"],
        "quantity": line["quantity"],
    }  # fmt: skip
