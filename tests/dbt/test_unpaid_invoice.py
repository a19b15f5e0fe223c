"""Is a failed invoice that is never paid an episode of it? From Stripe's lists to the mart.

Its charge and its payment intent do not say whose invoice they pay, and the one event of an invoice
payment is of those that are paid: only the list of the open ones links them.
"""

from pathlib import Path
from typing import Any

import httpx

from core.connections import Connection
from core.settings import Settings
from core.tenancy import TenantId
from core.warehouse import Warehouse
from pipelines.ingest import incremental, prepare_warehouse
from sandbox.process import running_sandbox
from tests.dbt.company import Company

WORKSPACE = "ws_unpaid"
FAILS = "pm_card_chargeCustomerFail"


def refused_invoice(stripe: httpx.Client) -> tuple[str, str]:
    """An invoice of 42.50 EUR whose card is declined: its id, and its payment's."""

    def post(path: str, status: int = 200, **form: Any) -> dict[str, Any]:
        answer = stripe.post(path, data=form)
        assert answer.status_code == status, answer.text
        body: dict[str, Any] = answer.json()
        return body

    buyer = post("/v1/customers", email="jo@example.com")["id"]
    method = post(f"/v1/payment_methods/{FAILS}/attach", customer=buyer)["id"]
    post(f"/v1/customers/{buyer}", **{"invoice_settings[default_payment_method]": method})
    invoice = post("/v1/invoices", customer=buyer, currency="eur")["id"]
    post("/v1/invoiceitems", customer=buyer, invoice=invoice, amount=4250, currency="eur")
    refused = post(f"/v1/invoices/{invoice}/pay", status=402)
    return invoice, refused["error"]["payment_intent"]["id"]


def test_a_failed_invoice_after_a_backfill_is_an_episode_of_the_invoice(
    company: Company, built: Warehouse, clickhouse: Settings, dbt: Any, tmp_path: Path
) -> None:
    settings = clickhouse.model_copy(
        update={"data_dir": tmp_path, "stripe_requests_per_second": 1000}
    )
    prepare_warehouse(settings)
    with running_sandbox(tmp_path / "stripe", "--scale", "1", "--until", "2026-11-20") as sandbox:
        mine = Connection(
            TenantId(WORKSPACE), "conn_unpaid", "stripe", "A", "acct_unpaid", sandbox.url,
            {"api_key": sandbox.api_key},
        )  # fmt: skip
        (backfilled,) = incremental(settings, [mine]).outcomes
        with httpx.Client(base_url=sandbox.url, auth=(sandbox.api_key, "")) as stripe:
            invoice, intent = refused_invoice(stripe)
        (polled,) = incremental(settings, [mine]).outcomes
    assert (backfilled.complete, polled.complete) == (True, True)
    links = built.rows(
        "select invoice_id, status from unified.invoice_payments final"
        f" where workspace_id = '{WORKSPACE}' and payment_id = '{intent}'"
    )
    assert [tuple(row.values()) for row in links] == [(invoice, "open")]
    dbt("run", "--select", "path:models/marts/recovery")
    told = built.rows(
        "select episode_id, invoice_id, currency, at_risk_minor, attempts_failed, outcome"
        f" from marts.fct_recovery_episodes final where workspace_id = '{WORKSPACE}'"
        f" and episode_id in ('{invoice}', '{intent}')"
    )
    assert [tuple(row.values()) for row in told] == [(invoice, invoice, "EUR", 4250, 1, "open")]
