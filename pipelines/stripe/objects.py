"""Which lists does Stripe's API have, and how is each one synced? One row per endpoint.

Adding an endpoint is adding a row. Groups are Dagster's assets. The paths and filters are facts
of Stripe's specification; `sync`, `updates` and `reason` are our decisions.
"""

# ruff: noqa: E501  (a table reads by its rows)

from collections.abc import Sequence
from functools import partial

from core.errors import InvalidInputError
from pipelines.stripe.endpoints import Endpoint

_listed = partial(Endpoint, sync="list")
_dated = partial(Endpoint, sync="list", created=True)  # filters on `created`
_relisted = partial(Endpoint, sync="list", updates="relist")
_part = partial(Endpoint, sync="part", updates="relist")
_completed = partial(Endpoint, sync="completed", updates="parent")
_children = partial(Endpoint, sync="children", updates="parent")
_asked = partial(Endpoint, sync="on_request", updates="parent")
_excluded = partial(Endpoint, sync="excluded")

_PER_CUSTOMER = "one request per customer; changes arrive by events"
_PER_PARENT = "one request per parent, and nothing about money that the payments do not say"
_SAME_ROWS = "the same rows as the top-level list"
_credits = partial(
    _children,
    "/v1/customers/{customer}/balance_transactions",
    "customer_balance_transaction",
    "billing",
    retrieve="/v1/customers/{customer}/balance_transactions/{id}",
)
_of_financial_account = partial(
    _children, parent="treasury.financial_account", parent_parameter="financial_account"
)

# fmt: off
ENDPOINTS: tuple[Endpoint, ...] = (
    # customers
    _dated("/v1/customers", "customer", "customers"),
    _listed("/v1/payment_methods", "payment_method", "customers"),
    _asked("/v1/customers/{customer}/payment_methods", "payment_method", "customers", parent="customer", reason=_PER_CUSTOMER),
    _asked("/v1/customers/{customer}/tax_ids", "tax_id", "customers", parent="customer", retrieve="/v1/customers/{customer}/tax_ids/{id}", reason=_PER_CUSTOMER),
    _asked("/v1/customers/{customer}/cash_balance_transactions", "customer_cash_balance_transaction", "customers", parent="customer", reason=_PER_CUSTOMER),
    _asked("/v1/customers/{customer}/sources", "source", "customers", parent="customer", retrieve="/v1/customers/{customer}/sources/{id}", reason=_PER_CUSTOMER),
    _excluded("/v1/customers/{customer}/cards", "card", "customers", parent="customer", retrieve="/v1/customers/{customer}/sources/{id}", reason="a part of the customer's sources"),
    _excluded("/v1/customers/{customer}/bank_accounts", "bank_account", "customers", parent="customer", retrieve="/v1/customers/{customer}/sources/{id}", reason="a part of the customer's sources"),
    _excluded("/v1/customers/{customer}/subscriptions", "subscription", "customers", parent="customer", reason=_SAME_ROWS),
    _excluded("/v1/sources/{source}/source_transactions", "source_transaction", "customers", parent="source", reason="Sources are deprecated, and cannot be listed to walk them"),
    # catalog
    _dated("/v1/products", "product", "catalog"),
    _dated("/v1/prices", "price", "catalog"),
    _dated("/v1/plans", "plan", "catalog"),
    _dated("/v1/coupons", "coupon", "catalog"),
    _dated("/v1/promotion_codes", "promotion_code", "catalog"),
    _dated("/v1/shipping_rates", "shipping_rate", "catalog", updates="relist"),
    _dated("/v1/tax_rates", "tax_rate", "catalog"),
    _relisted("/v1/tax_codes", "tax_code", "catalog", immutable=True),
    _listed("/v1/billing/meters", "billing.meter", "catalog"),
    _relisted("/v1/entitlements/features", "entitlements.feature", "catalog"),
    # billing
    _dated("/v1/subscriptions", "subscription", "billing", parameters={"status": "all"}, expand="discounts"),  # canceled ones too
    _completed("/v1/subscription_items", "subscription_item", "billing", parent="subscription", parent_parameter="subscription", embedded="items", retrieve="/v1/subscription_items/{id}"),
    _excluded("/v1/subscription_items/{subscription_item}/usage_record_summaries", "usage_record_summary", "billing", parent="subscription_item", reason="removed from the API in 2025-03-31.basil; meters replace it"),
    _dated("/v1/subscription_schedules", "subscription_schedule", "billing"),
    _dated("/v1/invoices", "invoice", "billing", expand="discounts"),  # the only place that keeps an ended discount
    _completed("/v1/invoices/{invoice}/lines", "line_item", "billing", parent="invoice", embedded="lines"),
    _excluded("/v1/invoices/upcoming/lines", "line_item", "billing", reason="a preview; Stripe stores no such object"),
    _listed("/v1/invoice_payments", "invoice_payment", "billing"),
    _part("/v1/invoice_payments", "invoice_payment", "billing", parameters={"status": "open"}, part="open", reason="the only event is of those that are paid: which invoice a failed payment is of, nothing else says"),
    _dated("/v1/invoiceitems", "invoiceitem", "billing"),
    _listed("/v1/credit_notes", "credit_note", "billing"),
    _completed("/v1/credit_notes/{credit_note}/lines", "credit_note_line_item", "billing", parent="credit_note", embedded="lines", keyed_by_parent=True),
    _excluded("/v1/credit_notes/preview/lines", "credit_note_line_item", "billing", reason="a preview; Stripe stores no such object"),
    # Asked of customers who have a balance, or whose invoices began with one: of all others there is nothing.
    _credits(parent="customer", needs="balance"),
    _credits(parent="invoice", parent_key="customer", needs="starting_balance"),
    _listed("/v1/quotes", "quote", "billing"),
    _asked("/v1/quotes/{quote}/line_items", "item", "billing", parent="quote", keyed_by_parent=True, reason=_PER_PARENT),
    _asked("/v1/quotes/{quote}/computed_upfront_line_items", "item", "billing", parent="quote", keyed_by_parent=True, reason=_PER_PARENT),
    _relisted("/v1/billing_portal/configurations", "billing_portal.configuration", "billing"),
    _listed("/v1/billing/credit_grants", "billing.credit_grant", "billing"),
    _listed("/v1/test_helpers/test_clocks", "test_helpers.test_clock", "billing"),
    # payments
    _dated("/v1/charges", "charge", "payments"),
    _dated("/v1/refunds", "refund", "payments"),
    _excluded("/v1/charges/{charge}/refunds", "refund", "payments", parent="charge", reason=_SAME_ROWS),
    _dated("/v1/disputes", "dispute", "payments"),
    _dated("/v1/payment_intents", "payment_intent", "payments"),
    _dated("/v1/setup_intents", "setup_intent", "payments"),
    _children("/v1/setup_attempts", "setup_attempt", "payments", created=True, parent="setup_intent", parent_parameter="setup_intent", needs="latest_attempt"),
    _listed("/v1/checkout/sessions", "checkout.session", "payments"),
    _asked("/v1/checkout/sessions/{session}/line_items", "item", "payments", parent="checkout.session", keyed_by_parent=True, reason=_PER_PARENT),
    _listed("/v1/payment_links", "payment_link", "payments"),
    _asked("/v1/payment_links/{payment_link}/line_items", "item", "payments", parent="payment_link", keyed_by_parent=True, reason=_PER_PARENT),
    _relisted("/v1/apple_pay/domains", "apple_pay_domain", "payments"),
    _relisted("/v1/payment_method_domains", "payment_method_domain", "payments"),
    _relisted("/v1/payment_method_configurations", "payment_method_configuration", "payments"),
    # balance
    # Without events; `status` turns from pending to available, hence the look back.
    _dated("/v1/balance_transactions", "balance_transaction", "balance", updates="created"),
    _dated("/v1/payouts", "payout", "balance"),
    _dated("/v1/topups", "topup", "balance"),
    _dated("/v1/transfers", "transfer", "balance"),
    _completed("/v1/transfers/{id}/reversals", "transfer_reversal", "balance", parent="transfer", embedded="reversals", retrieve="/v1/transfers/{transfer}/reversals/{id}"),
    _relisted("/v1/exchange_rates", "exchange_rate", "balance"),
    # connect
    _dated("/v1/accounts", "account", "connect"),
    _completed("/v1/accounts/{account}/external_accounts", "bank_account", "connect", parent="account", embedded="external_accounts"),
    _asked("/v1/accounts/{account}/capabilities", "capability", "connect", parent="account", keyed_by_parent=True, reason="one request per account, whose `capabilities` says the same"),
    _asked("/v1/accounts/{account}/persons", "person", "connect", parent="account", retrieve="/v1/accounts/{account}/persons/{id}", reason="one request per account; personal data that no model here uses"),
    _excluded("/v1/accounts/{account}/people", "person", "connect", parent="account", reason="an older path of persons"),
    _dated("/v1/application_fees", "application_fee", "connect"),
    _completed("/v1/application_fees/{id}/refunds", "fee_refund", "connect", parent="application_fee", embedded="refunds", retrieve="/v1/application_fees/{fee}/refunds/{id}"),
    _relisted("/v1/country_specs", "country_spec", "connect"),
    # fraud
    _listed("/v1/radar/early_fraud_warnings", "radar.early_fraud_warning", "fraud"),
    _dated("/v1/radar/value_lists", "radar.value_list", "fraud", updates="relist"),
    _children("/v1/radar/value_list_items", "radar.value_list_item", "fraud", created=True, parent="radar.value_list", parent_parameter="value_list"),
    _dated("/v1/reviews", "review", "fraud"),
    # issuing
    _dated("/v1/issuing/authorizations", "issuing.authorization", "issuing"),
    _dated("/v1/issuing/cardholders", "issuing.cardholder", "issuing"),
    _dated("/v1/issuing/cards", "issuing.card", "issuing"),
    _dated("/v1/issuing/disputes", "issuing.dispute", "issuing"),
    _dated("/v1/issuing/settlements", "issuing.settlement", "issuing", updates="created"),
    _dated("/v1/issuing/transactions", "issuing.transaction", "issuing"),
    # treasury: every list but the first names its financial account
    _dated("/v1/treasury/financial_accounts", "treasury.financial_account", "treasury", updates="relist"),
    _of_financial_account("/v1/treasury/credit_reversals", "treasury.credit_reversal", "treasury"),
    _of_financial_account("/v1/treasury/debit_reversals", "treasury.debit_reversal", "treasury"),
    _of_financial_account("/v1/treasury/inbound_transfers", "treasury.inbound_transfer", "treasury"),
    _of_financial_account("/v1/treasury/outbound_payments", "treasury.outbound_payment", "treasury"),
    _of_financial_account("/v1/treasury/outbound_transfers", "treasury.outbound_transfer", "treasury"),
    _of_financial_account("/v1/treasury/received_credits", "treasury.received_credit", "treasury"),
    _of_financial_account("/v1/treasury/received_debits", "treasury.received_debit", "treasury"),
    _of_financial_account("/v1/treasury/transaction_entries", "treasury.transaction_entry", "treasury", created=True, immutable=True),
    _of_financial_account("/v1/treasury/transactions", "treasury.transaction", "treasury", created=True),
    # banking and identity
    _listed("/v1/financial_connections/accounts", "financial_connections.account", "banking"),
    _excluded("/v1/financial_connections/accounts/{account}/owners", "financial_connections.account_owner", "banking", parent="financial_connections.account", reason="needs an `ownership` that only a paid refresh creates"),
    _excluded("/v1/linked_accounts/{account}/owners", "financial_connections.account_owner", "banking", reason="the older path of the owners"),
    _dated("/v1/identity/verification_sessions", "identity.verification_session", "banking"),
    _dated("/v1/identity/verification_reports", "identity.verification_report", "banking", updates="created"),
    # terminal
    _relisted("/v1/terminal/configurations", "terminal.configuration", "terminal"),
    _relisted("/v1/terminal/locations", "terminal.location", "terminal"),
    _relisted("/v1/terminal/readers", "terminal.reader", "terminal"),
    # tax
    _relisted("/v1/tax/registrations", "tax.registration", "tax"),
    _excluded("/v1/tax/calculations/{calculation}/line_items", "tax.calculation_line_item", "tax", reason="calculations expire and cannot be listed"),
    _excluded("/v1/tax/transactions/{transaction}/line_items", "tax.transaction_line_item", "tax", reason="tax transactions cannot be listed"),
    # account: files, reports, settings
    _dated("/v1/files", "file", "account"),
    _dated("/v1/file_links", "file_link", "account", updates="created"),
    _dated("/v1/reporting/report_runs", "reporting.report_run", "account"),
    _relisted("/v1/reporting/report_types", "reporting.report_type", "account"),
    _listed("/v1/sigma/scheduled_query_runs", "scheduled_query_run", "account", immutable=True),
    _relisted("/v1/webhook_endpoints", "webhook_endpoint", "account"),
    _excluded("/v1/apps/secrets", "apps.secret", "account", reason="credentials of an app, per scope; nothing to analyse"),
    # events: the log of changes, kept verbatim forever; Stripe keeps 30 days of it
    _dated("/v1/events", "event", "events", immutable=True, updates="created"),
)
# fmt: on

LISTS: tuple[Endpoint, ...] = tuple(e for e in ENDPOINTS if e.sync == "list")
PARTS: tuple[Endpoint, ...] = tuple(e for e in ENDPOINTS if e.sync == "part")
OBJECTS: tuple[str, ...] = tuple(
    dict.fromkeys([e.object for e in ENDPOINTS if e.sync != "excluded"] + ["card", "bank_account"])
)
GROUPS: dict[str, tuple[str, ...]] = {
    group: tuple(
        dict.fromkeys(
            e.name
            for e in ENDPOINTS
            if e.group == group and e.sync in ("list", "children", "completed")
        )
    )
    for group in dict.fromkeys(e.group for e in ENDPOINTS)
}
NAMES: frozenset[str] = frozenset(e.name for e in ENDPOINTS if e.sync != "excluded")


def selected_names(objects: Sequence[str] | None) -> frozenset[str]:
    """Return the names to sync: those asked for, or all that are synced by default.

    Raises:
        InvalidInputError: A name that no endpoint has.
    """
    if objects is None:
        return frozenset(name for names in GROUPS.values() for name in names)
    for name in objects:
        if name not in NAMES:
            raise InvalidInputError(
                f"Stripe has no object {name!r}.", next_step="See docs/pipelines.md for the names."
            )
    return frozenset(objects)


def children_of(parent: str, names: frozenset[str]) -> tuple[Endpoint, ...]:
    """Return the walked endpoints below `parent` that `names` selects."""
    return tuple(e for e in ENDPOINTS if e.is_walked and e.parent == parent and e.name in names)


def lists_for(names: frozenset[str]) -> tuple[Endpoint, ...]:
    """Return the lists to page for `names`: their own, and those whose items they are walked by."""
    parents = {e.parent for e in ENDPOINTS if e.is_walked and e.name in names}
    return tuple(e for e in LISTS if e.object in names or e.object in parents)


def expanded(name: str) -> dict[str, str]:
    """Return the query that has one object of this name sent as its list sends it."""
    return next(({"expand[]": e.expand} for e in LISTS if e.object == name and e.expand), {})


def retrieve_paths() -> dict[str, str]:
    """Return the path template of one object, for every object that can be fetched alone."""
    paths = {e.object: f"{e.path}/{{id}}" for e in LISTS}
    for endpoint in ENDPOINTS:
        if endpoint.retrieve:
            paths.setdefault(endpoint.object, endpoint.retrieve)
    return paths
