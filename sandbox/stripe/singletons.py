"""What do the two objects without a list look like? The account itself and its balance."""

from __future__ import annotations

from typing import Any

from sandbox.company.treasury import SETTLEMENT_CURRENCIES
from sandbox.stripe.account import Account


def account_object(account: Account, created: int) -> dict[str, Any]:
    """GET /v1/account."""
    empty_address = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
    needs: dict[str, Any] = {
        "alternatives": [], "current_deadline": None, "currently_due": [], "disabled_reason": None,
        "errors": [], "eventually_due": [],
        "past_due": [], "pending_verification": [],
    }  # fmt: skip
    return {
        "id": account.id, "object": "account",
        "business_profile": {
            "annual_revenue": None, "estimated_worker_count": None, "mcc": "5734",
            "minority_owned_business_designation": None, "name": account.name,
            "product_description": "Analytics software", "support_address": empty_address,
            "support_email": "help@northwind.example",
            "support_phone": None, "support_url": None, "url": "https://northwind.example",
        },
        "business_type": "company",
        "capabilities": {"card_payments": "active", "sepa_debit_payments": "active",
        "transfers": "active"}, "charges_enabled": True,
        "controller": {"type": "account"}, "country": "IE", "created": created,
        "default_currency": "eur", "details_submitted": True,
        "email": "finance@northwind.example",
        "external_accounts": {"object": "list", "data": [], "has_more": False,
        "url": f"/v1/accounts/{account.id}/external_accounts"},
        "future_requirements": needs, "metadata": {}, "payouts_enabled": True,
        "requirements": needs,
        "settings": {
            "branding": {"icon": None, "logo": None, "primary_color": None,
            "secondary_color": None},
            "dashboard": {"display_name": account.name, "timezone": "Etc/UTC"},
            "payouts": {"debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"}, "statement_descriptor": None},
        },
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None}, "type": "standard",
    }  # fmt: skip


def balance_object(account: Account, now: int) -> dict[str, Any]:
    """GET /v1/balance: what is available and what is not yet, per settlement currency."""
    sums = dict.fromkeys(SETTLEMENT_CURRENCIES, (0, 0))
    # A payout leaves the available funds when it is made, whenever it arrives.
    sql = """
        select substr(customer, 1, 3) as currency,
            sum(iif(status = 'payout' or json_extract(body, '$.available_on') <= ?,
            json_extract(body, '$.net'), 0)) as available,
            sum(json_extract(body, '$.net')) as total
        from objects where kind = 'balance_transaction' group by 1
    """
    for currency, available, total in account.store.connection.execute(sql, (now,)):
        sums[currency] = (available, total - available)

    def amounts(place: int) -> list[dict[str, Any]]:
        return [
            {"amount": pair[place], "currency": currency, "source_types": {"card": pair[place]}}
            for currency, pair in sorted(sums.items())
        ]

    return {
        "object": "balance",
        "available": amounts(0),
        "connect_reserved": [{"amount": 0, "currency": currency} for currency in sorted(sums)],
        "livemode": False,
        "pending": amounts(1),
    }
