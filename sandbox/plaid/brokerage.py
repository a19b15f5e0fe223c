"""What does the brokerage hold? One account, three securities, and the trades that made them.

Not the company's: Plaid's investments need an Item that has some. Prices and quantities have the
decimals of real ones. The third security is sold off on `SOLD_ON`, so that a holding can vanish.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from sandbox.company.wire_ids import wire_id
from sandbox.plaid.items import Item

SOLD_ON = date(2026, 12, 1)
# Ticker, name, type, quantity, price, bought on, amount paid; texts are JSON numbers as they are.
_POSITIONS = (
    ("VTI", "Vanguard Total Stock Market ETF", "etf", "12.5", "271.38", "2026-02-03", "3210.4"),
    ("BND", "Vanguard Total Bond Market ETF", "etf", "40", "73.515", "2026-03-10", "2921.6"),
    ("CASHX", "Harbor Money Market", "cash", "1500.75", "1", "2026-04-01", "1500.75"),
)


def _id(item: Item, name: str) -> str:
    return wire_id("plaid", f"{item.salt}brokerage/{name}", pending=False)


def account(item: Item) -> dict[str, Any]:
    """The one account."""
    return {
        "account_id": _id(item, "account"),
        "balances": {
            "available": None, "current": msgspec.Raw(b"7833.6"), "iso_currency_code": "USD",
            "limit": None, "margin_loan_amount": None, "unofficial_currency_code": None,
        },
        "holder_category": "business", "mask": "7781", "name": "Treasury Brokerage",
        "official_name": "Harbor Business Brokerage", "subtype": "brokerage", "type": "investment",
    }  # fmt: skip


def securities(item: Item) -> list[dict[str, Any]]:
    """Every security that the account ever held."""
    nothing = dict.fromkeys((
        "cfi_code", "cusip", "fixed_income", "industry", "institution_id",
        "institution_security_id", "isin", "market_identifier_code", "option_contract",
        "proxy_security_id", "sector", "sedol", "unofficial_currency_code", "update_datetime",
    ))  # fmt: skip
    return [
        {
            **nothing, "close_price": msgspec.Raw(price.encode()),
            "close_price_as_of": "2026-11-19", "is_cash_equivalent": kind == "cash",
            "iso_currency_code": "USD", "name": name, "security_id": _id(item, ticker),
            "ticker_symbol": ticker, "type": kind,
        }
        for ticker, name, kind, _, price, _, _ in _POSITIONS
    ]  # fmt: skip


def holdings(item: Item, on: date) -> list[dict[str, Any]]:
    """What is held on a day."""
    return [
        {
            "account_id": _id(item, "account"), "cost_basis": msgspec.Raw(paid.encode()),
            "institution_price": msgspec.Raw(price.encode()),
            "institution_price_as_of": "2026-11-19", "institution_price_datetime": None,
            "institution_value": msgspec.Raw(paid.encode()), "iso_currency_code": "USD",
            "quantity": msgspec.Raw(quantity.encode()), "security_id": _id(item, ticker),
            "unofficial_currency_code": None, "vested_quantity": None, "vested_value": None,
        }
        for ticker, _, _, quantity, price, _, paid in _POSITIONS
        if ticker != "CASHX" or on < SOLD_ON
    ]  # fmt: skip


def trades(item: Item, since: str, until: str) -> list[dict[str, Any]]:
    """The trades of a span, newest first; a purchase takes cash out, so it is positive."""
    found: list[dict[str, Any]] = [
        {
            "account_id": _id(item, "account"), "amount": msgspec.Raw(paid.encode()),
            "cancel_transaction_id": None, "date": on, "fees": msgspec.Raw(b"0"),
            "investment_transaction_id": _id(item, f"trade/{ticker}"), "iso_currency_code": "USD",
            "name": f"BUY {name}", "price": msgspec.Raw(price.encode()),
            "quantity": msgspec.Raw(quantity.encode()), "security_id": _id(item, ticker),
            "subtype": "buy", "type": "buy", "unofficial_currency_code": None,
        }
        for ticker, name, _, quantity, price, on, paid in _POSITIONS
    ]  # fmt: skip
    return sorted(
        (trade for trade in found if since <= trade["date"] <= until),
        key=lambda trade: trade["date"], reverse=True,
    )  # fmt: skip
