"""Which lists does Stripe's API have, of what, and which filters do they take?

Data, one row each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ListEndpoint:
    """One list: its path, the kind it lists, and how its parameters become conditions."""

    path: str
    kind: str
    # Request parameter to stored column, or to `json:<path>` inside the object's text.
    filters: dict[str, str] = field(default_factory=dict)
    # The stored column that a path's first variable selects.
    parent: str | None = None
    required: str | None = None
    # What `status` may say, where Stripe refuses anything else.
    statuses: tuple[str, ...] = ()


_CUSTOMER = {"customer": "customer"}
_LISTS = [
    ListEndpoint("/v1/application_fees", "application_fee", {"charge": "json:$.charge"}),
    ListEndpoint("/v1/balance_transactions", "balance_transaction",
    {"source": "parent", "type": "status", "currency": "json:$.currency"}),
    ListEndpoint("/v1/charges", "charge", _CUSTOMER | {"payment_intent": "parent"}),
    ListEndpoint("/v1/checkout/sessions", "checkout.session",
    _CUSTOMER | {"subscription": "parent", "status": "status",
    "payment_intent": "json:$.payment_intent"}),
    ListEndpoint("/v1/coupons", "coupon"),
    ListEndpoint("/v1/credit_notes", "credit_note", _CUSTOMER | {"invoice": "parent"}),
    ListEndpoint("/v1/customers", "customer",
    {"email": "json:$.email", "test_clock": "json:$.test_clock"}),
    ListEndpoint("/v1/customers/{id}/balance_transactions", "customer_balance_transaction",
    parent="customer"),
    ListEndpoint("/v1/customers/{id}/bank_accounts", "bank_account", parent="customer"),
    ListEndpoint("/v1/customers/{id}/cards", "card", parent="customer"),
    ListEndpoint("/v1/customers/{id}/cash_balance_transactions",
    "customer_cash_balance_transaction", parent="customer"),
    ListEndpoint("/v1/customers/{id}/payment_methods", "payment_method", {"type": "status"},
    parent="customer"),
    ListEndpoint("/v1/customers/{id}/sources", "source", parent="customer"),
    ListEndpoint("/v1/customers/{id}/subscriptions", "subscription", parent="customer"),
    ListEndpoint("/v1/customers/{id}/tax_ids", "tax_id", parent="customer"),
    ListEndpoint("/v1/disputes", "dispute",
    {"charge": "parent", "payment_intent": "json:$.payment_intent"}),
    ListEndpoint("/v1/events", "event", {"type": "status"}),
    ListEndpoint("/v1/file_links", "file_link"),
    ListEndpoint("/v1/files", "file", {"purpose": "json:$.purpose"}),
    ListEndpoint("/v1/invoice_payments", "invoice_payment",
    {"invoice": "parent", "status": "status"}, statuses=("canceled", "open", "paid")),
    ListEndpoint("/v1/invoiceitems", "invoiceitem", _CUSTOMER | {"invoice": "parent"}),
    ListEndpoint("/v1/invoices", "invoice",
    _CUSTOMER | {"subscription": "parent", "status": "status",
    "collection_method": "json:$.collection_method"}),
    ListEndpoint("/v1/payment_intents", "payment_intent", _CUSTOMER),
    ListEndpoint("/v1/payment_methods", "payment_method", _CUSTOMER | {"type": "status"}),
    ListEndpoint("/v1/payouts", "payout",
    {"status": "status", "destination": "json:$.destination"}),
    ListEndpoint("/v1/plans", "plan", {"product": "parent", "active": "json:$.active"}),
    ListEndpoint("/v1/prices", "price", {
        "product": "parent", "active": "json:$.active", "currency": "json:$.currency",
        "type": "json:$.type", "lookup_keys": "json:$.lookup_key",
    }),
    ListEndpoint("/v1/products", "product",
    {"active": "json:$.active", "ids": "id", "shippable": "json:$.shippable", "url": "json:$.url"}),
    ListEndpoint("/v1/promotion_codes", "promotion_code",
    {"coupon": "parent", "code": "json:$.code", "active": "json:$.active",
    "customer": "json:$.customer"}),
    ListEndpoint("/v1/quotes", "quote", _CUSTOMER | {"status": "status"}),
    ListEndpoint("/v1/refunds", "refund",
    {"charge": "parent", "payment_intent": "json:$.payment_intent"}),
    ListEndpoint("/v1/setup_attempts", "setup_attempt", {"setup_intent": "parent"},
    required="setup_intent"),
    ListEndpoint("/v1/setup_intents", "setup_intent", _CUSTOMER | {"payment_method": "parent"}),
    ListEndpoint("/v1/shipping_rates", "shipping_rate",
    {"active": "json:$.active", "currency": "json:$.currency"}),
    ListEndpoint("/v1/subscription_items", "subscription_item", {"subscription": "parent"},
    required="subscription"),
    ListEndpoint("/v1/subscription_schedules", "subscription_schedule", _CUSTOMER),
    ListEndpoint("/v1/subscriptions", "subscription",
    _CUSTOMER | {"price": "items", "collection_method": "json:$.collection_method"}),
    ListEndpoint("/v1/tax_ids", "tax_id"),
    ListEndpoint("/v1/tax_rates", "tax_rate",
    {"active": "json:$.active", "inclusive": "json:$.inclusive"}),
    ListEndpoint("/v1/topups", "topup", {"status": "status"}),
    ListEndpoint("/v1/transfers", "transfer",
    {"destination": "json:$.destination", "transfer_group": "json:$.transfer_group"}),
    ListEndpoint("/v1/webhook_endpoints", "webhook_endpoint"),
    # A list inside a list: the rows of one parent object.
    ListEndpoint("/v1/charges/{id}/refunds", "refund", parent="parent"),
    ListEndpoint("/v1/transfers/{id}/reversals", "transfer_reversal", parent="parent"),
    ListEndpoint("/v1/application_fees/{id}/refunds", "fee_refund", parent="parent"),
]  # fmt: skip

# Lists of which this company has nothing; they answer empty all the same.
_EMPTY = """
/v1/accounts account
/v1/accounts/{id}/capabilities capability
/v1/accounts/{id}/external_accounts bank_account
/v1/accounts/{id}/people person
/v1/accounts/{id}/persons person
/v1/apple_pay/domains apple_pay_domain
/v1/apps/secrets apps.secret scope
/v1/billing/credit_grants billing.credit_grant
/v1/billing/meters billing.meter
/v1/billing_portal/configurations billing_portal.configuration
/v1/country_specs country_spec
/v1/credit_notes/preview/lines credit_note_line_item invoice
/v1/entitlements/features entitlements.feature
/v1/exchange_rates exchange_rate
/v1/financial_connections/accounts financial_connections.account
/v1/financial_connections/accounts/{id}/owners financial_connections.account_owner ownership
/v1/identity/verification_reports identity.verification_report
/v1/identity/verification_sessions identity.verification_session
/v1/invoices/upcoming/lines line_item
/v1/issuing/authorizations issuing.authorization
/v1/issuing/cardholders issuing.cardholder
/v1/issuing/cards issuing.card
/v1/issuing/disputes issuing.dispute
/v1/issuing/settlements issuing.settlement
/v1/issuing/transactions issuing.transaction
/v1/linked_accounts/{id}/owners financial_connections.account_owner ownership
/v1/payment_links payment_link
/v1/payment_method_configurations payment_method_configuration
/v1/payment_method_domains payment_method_domain
/v1/payment_links/{id}/line_items item
/v1/quotes/{id}/computed_upfront_line_items item
/v1/quotes/{id}/line_items item
/v1/radar/early_fraud_warnings radar.early_fraud_warning
/v1/radar/value_list_items radar.value_list_item value_list
/v1/radar/value_lists radar.value_list
/v1/reporting/report_runs reporting.report_run
/v1/reporting/report_types reporting.report_type
/v1/reviews review
/v1/sigma/scheduled_query_runs scheduled_query_run
/v1/sources/{id}/source_transactions source_transaction
/v1/subscription_items/{id}/usage_record_summaries usage_record_summary
/v1/tax/calculations/{id}/line_items tax.calculation_line_item
/v1/tax/registrations tax.registration
/v1/tax/transactions/{id}/line_items tax.transaction_line_item
/v1/tax_codes tax_code
/v1/terminal/configurations terminal.configuration
/v1/terminal/locations terminal.location
/v1/terminal/readers terminal.reader
/v1/test_helpers/test_clocks test_helpers.test_clock
/v1/treasury/credit_reversals treasury.credit_reversal financial_account
/v1/treasury/debit_reversals treasury.debit_reversal financial_account
/v1/treasury/financial_accounts treasury.financial_account
/v1/treasury/inbound_transfers treasury.inbound_transfer financial_account
/v1/treasury/outbound_payments treasury.outbound_payment financial_account
/v1/treasury/outbound_transfers treasury.outbound_transfer financial_account
/v1/treasury/received_credits treasury.received_credit financial_account
/v1/treasury/received_debits treasury.received_debit financial_account
/v1/treasury/transaction_entries treasury.transaction_entry financial_account
/v1/treasury/transactions treasury.transaction financial_account
"""


def _empty_lists() -> list[ListEndpoint]:
    found = []
    for line in _EMPTY.split("\n"):
        if words := line.split():
            parent = "parent" if "{id}" in words[0] else None
            found.append(
                ListEndpoint(
                    words[0], words[1], parent=parent, required=words[2] if len(words) > 2 else None
                )
            )
    return found


LISTS = {endpoint.path: endpoint for endpoint in (*_LISTS, *_empty_lists())}
# Lists that refuse `created`, as Stripe's do; lists of one parent refuse it as well.
WITHOUT_CREATED = frozenset({
    "/v1/checkout/sessions", "/v1/credit_notes", "/v1/invoice_payments", "/v1/payment_methods",
    "/v1/quotes", "/v1/subscription_items", "/v1/tax_ids", "/v1/webhook_endpoints",
})  # fmt: skip
# Lists that are cut from their parent's own text unless it says that it has more.
EMBEDDED = {
    "/v1/invoices/{id}/lines": ("invoice", "lines", "line_item"),
    "/v1/credit_notes/{id}/lines": ("credit_note", "lines", "credit_note_line_item"),
    "/v1/checkout/sessions/{id}/line_items": ("checkout.session", "", "item"),
}
# Objects that can be retrieved but have no list.
RETRIEVABLE = {"/v1/mandates": "mandate"}
_PATTERNS = [
    (re.compile("^" + re.escape(path).replace(r"\{id\}", "([^/]+)") + "$"), path)
    for path in (*LISTS, *EMBEDDED)
    if "{id}" in path
]


def find_list(path: str) -> tuple[str, str | None] | None:
    """The list that a path names, and the parent's id in it."""
    if path in LISTS:
        return path, None
    for pattern, name in _PATTERNS:
        if match := pattern.match(path):
            return name, match[1]
    return None


def find_retrieve(path: str) -> tuple[str, str] | None:
    """The kind and id that a path names, if it is one object of a list."""
    base, _, identity = path.rpartition("/")
    if base in RETRIEVABLE:
        return RETRIEVABLE[base], identity
    found = find_list(base)
    if found is None or found[0] in EMBEDDED or not identity:
        return None
    return LISTS[found[0]].kind, identity
