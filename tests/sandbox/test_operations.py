"""Do changes through Stripe's API do what Stripe does?

Cards, intents, invoices, subscriptions, refunds, deletions.
"""

from decimal import ROUND_HALF_UP, Decimal

import pytest
import stripe as library
from stripe import StripeClient

# 2026-11-20, when the generated company ends and what these tests do begins.
HISTORY_ENDS = 1_795_132_800


def customer_with(live: StripeClient, card: str = "pm_card_visa") -> tuple[str, str]:
    """A new customer whose default method is a test card."""
    customer = live.v1.customers.create({"email": "jo@example.com", "name": "Jo"})
    method = live.v1.payment_methods.attach(card, {"customer": customer.id})
    live.v1.customers.update(
        customer.id, {"invoice_settings": {"default_payment_method": method.id}}
    )
    return customer.id, method.id


def invoice_of(live: StripeClient, customer: str, amount: int = 4250) -> str:
    """A finalized invoice over one item."""
    invoice = live.v1.invoices.create({"customer": customer, "currency": "eur"})
    live.v1.invoice_items.create(
        {
            "customer": customer,
            "invoice": invoice.id,
            "amount": amount,
            "currency": "eur",
            "description": "Work",
        }
    )
    return live.v1.invoices.finalize_invoice(invoice.id).id


def events_of(live: StripeClient, identity: str) -> list[str]:
    """The types of the events that showed an object, oldest first."""
    window = {"gte": HISTORY_ENDS}
    page = live.v1.events.list({"limit": 100, "created": window}).auto_paging_iter()
    return [event.type for event in page if event.data.object.id == identity][::-1]


def test_paying_an_open_invoice_makes_charge_entry_payment_and_events(live: StripeClient) -> None:
    customer, method = customer_with(live)
    identity = invoice_of(live, customer)
    opened = live.v1.invoices.retrieve(identity)
    assert (opened.status, opened.amount_due, opened.attempt_count) == ("open", 4250, 0)
    paid = live.v1.invoices.pay(
        identity, {"expand": ["payments.data.payment.payment_intent.latest_charge"]}
    )
    assert (paid.status, paid.amount_paid, paid.amount_remaining, paid.attempt_count) == (
        "paid",
        4250,
        0,
        1,
    )
    payment = paid.payments.data[0]
    assert (payment.status, payment.amount_paid) == ("paid", 4250)
    intent = payment.payment.payment_intent
    charge = intent.latest_charge
    assert (intent.status, intent.amount_received, intent.payment_method) == (
        "succeeded",
        4250,
        method,
    )
    assert (charge.status, charge.amount, charge.payment_method_details.card.last4) == (
        "succeeded",
        4250,
        "4242",
    )
    # 1.5 % of 42.50 is 0.6375, so 0.64, and 0.25.
    entry = live.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert (entry.amount, entry.fee, entry.net, entry.currency, entry.status) == (
        4250,
        89,
        4161,
        "eur",
        "pending",
    )
    told = events_of(live, identity)
    assert told == [
        "invoice.created", "invoice.updated", "invoice.finalized", "invoice.updated",
        "invoice.paid", "invoice.payment_succeeded",
    ]  # fmt: skip
    assert events_of(live, intent.id) == ["payment_intent.created", "payment_intent.succeeded"]
    with pytest.raises(library.InvalidRequestError, match="already paid"):
        live.v1.invoices.pay(identity)


def test_a_card_that_fails_when_charged_leaves_the_invoice_open_and_says_why(
    live: StripeClient,
) -> None:
    customer, method = customer_with(live, "pm_card_chargeCustomerFail")
    identity = invoice_of(live, customer)
    with pytest.raises(library.CardError) as caught:
        live.v1.invoices.pay(identity)
    error = caught.value
    assert (error.http_status, error.code, error.error.decline_code) == (
        402,
        "card_declined",
        "generic_decline",
    )
    left = live.v1.invoices.retrieve(identity, {"expand": ["payments.data.payment.payment_intent"]})
    assert (left.status, left.attempted, left.attempt_count, left.amount_remaining) == (
        "open",
        True,
        1,
        4250,
    )
    intent = left.payments.data[0].payment.payment_intent
    assert (intent.status, intent.last_payment_error.decline_code) == (
        "requires_payment_method",
        "generic_decline",
    )
    charge = live.v1.charges.retrieve(intent.latest_charge)
    assert charge.balance_transaction is None
    assert (charge.status, charge.failure_code, charge.outcome.reason) == (
        "failed", "card_declined", "generic_decline",
    )  # fmt: skip
    assert live.v1.customers.retrieve(customer).delinquent is True
    better = live.v1.payment_methods.attach("pm_card_mastercard", {"customer": customer})
    assert live.v1.invoices.pay(identity, {"payment_method": better.id}).status == "paid"
    assert live.v1.customers.retrieve(customer).delinquent is False
    assert [
        charge.status for charge in live.v1.charges.list({"payment_intent": intent.id}).data
    ] == ["succeeded", "failed"]
    assert method != better.id


@pytest.mark.parametrize(
    ("card", "code", "decline"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    ],
)
def test_declining_test_cards_decline_by_their_code(
    live: StripeClient, card: str, code: str, decline: str
) -> None:
    with pytest.raises(library.CardError) as caught:
        live.v1.payment_intents.create(
            {"amount": 1000, "currency": "usd", "payment_method": card, "confirm": True}
        )
    assert (caught.value.code, caught.value.error.decline_code) == (code, decline)
    intent = live.v1.payment_intents.retrieve(caught.value.error.payment_intent.id)
    assert intent.status == "requires_payment_method"
    customer = live.v1.customers.create({})
    with pytest.raises(library.CardError):
        live.v1.payment_methods.attach(card, {"customer": customer.id})


def test_a_number_makes_the_same_card_as_its_name(live: StripeClient) -> None:
    card = {"number": "4000000000000341", "exp_month": 8, "exp_year": 2030, "cvc": "314"}
    method = live.v1.payment_methods.create({"type": "card", "card": card})
    assert (method.card.last4, method.card.exp_year, method.customer) == ("0341", 2030, None)
    with pytest.raises(library.CardError) as caught:
        live.v1.payment_methods.create({"type": "card", "card": {**card, "number": "4111"}})
    assert caught.value.code == "incorrect_number"


def test_authentication_is_asked_on_session_and_refused_off_session(live: StripeClient) -> None:
    params = {
        "amount": 500,
        "currency": "eur",
        "payment_method": "pm_card_authenticationRequired",
        "confirm": True,
    }
    intent = live.v1.payment_intents.create(params)
    assert (intent.status, intent.next_action.type) == ("requires_action", "use_stripe_sdk")
    assert live.v1.payment_intents.confirm(intent.id).status == "succeeded"
    with pytest.raises(library.CardError) as caught:
        live.v1.payment_intents.create({**params, "off_session": True})
    assert caught.value.code == "authentication_required"


def test_zero_and_three_decimal_currencies_settle_in_euro_at_a_rate(live: StripeClient) -> None:
    for currency, amount in (("jpy", 500), ("kwd", 5120)):
        intent = live.v1.payment_intents.create(
            {"amount": amount, "currency": currency, "payment_method": "pm_card_visa",
             "confirm": True, "expand": ["latest_charge.balance_transaction"]}
        )  # fmt: skip
        entry = intent.latest_charge.balance_transaction
        # As Stripe says it: the amount in one currency, times the rate, is that in the other.
        exact = amount * Decimal(repr(entry.exchange_rate))
        assert entry.amount == exact.quantize(Decimal(1), ROUND_HALF_UP)
        assert (entry.currency, intent.latest_charge.amount) == ("eur", amount)


def test_a_setup_intent_saves_a_card_for_a_customer(live: StripeClient) -> None:
    customer = live.v1.customers.create({})
    setup = live.v1.setup_intents.create(
        {"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True}
    )
    assert setup.status == "succeeded"
    assert [method.id for method in live.v1.customers.payment_methods.list(customer.id).data] == [
        setup.payment_method
    ]
    with pytest.raises(library.CardError) as caught:
        live.v1.setup_intents.create(
            {"customer": customer.id, "payment_method": "pm_card_chargeDeclined", "confirm": True}
        )
    assert (
        live.v1.setup_intents.retrieve(caught.value.error.setup_intent.id).last_setup_error.code
        == "card_declined"
    )


def test_a_subscription_is_created_changed_and_canceled(live: StripeClient) -> None:
    customer, method = customer_with(live)
    prices = {
        price.nickname: price.id
        for price in live.v1.prices.list({"currency": "eur", "limit": 100}).data
    }
    made = live.v1.subscriptions.create(
        {
            "customer": customer,
            "items": [{"price": prices["Starter monthly EUR"], "quantity": 3}],
            "expand": ["latest_invoice"],
        }
    )
    assert (made.status, made.latest_invoice.status, made.latest_invoice.amount_paid) == (
        "active",
        "paid",
        3 * 1900,
    )
    item = made["items"].data[0]
    changed = live.v1.subscriptions.update(
        made.id,
        {
            "items": [{"id": item.id, "price": prices["Growth monthly EUR"]}],
            "default_payment_method": method,
        },
    )
    assert (changed["items"].data[0].price.unit_amount, changed.default_payment_method) == (
        4900,
        method,
    )
    pending = live.v1.invoice_items.list({"customer": customer}).data
    assert sorted(entry.amount for entry in pending) == [-3 * 1900, 3 * 4900]
    ending = live.v1.subscriptions.update(made.id, {"cancel_at_period_end": True})
    assert (ending.cancel_at, ending.status) == (item.current_period_end, "active")
    gone = live.v1.subscriptions.cancel(made.id)
    assert (gone.status, gone.ended_at is not None) == ("canceled", True)
    assert events_of(live, made.id)[0] == "customer.subscription.created"
    assert events_of(live, made.id)[-1] == "customer.subscription.deleted"


def test_an_incomplete_subscription_becomes_active_when_its_invoice_is_paid(
    live: StripeClient,
) -> None:
    customer, _ = customer_with(live, "pm_card_chargeCustomerFail")
    price = live.v1.prices.list({"currency": "usd", "limit": 1}).data[0].id
    made = live.v1.subscriptions.create({"customer": customer, "items": [{"price": price}]})
    assert made.status == "incomplete"
    live.v1.invoices.pay(made.latest_invoice, {"payment_method": "pm_card_visa"})
    assert live.v1.subscriptions.retrieve(made.id).status == "active"


def test_a_charge_is_refunded_in_parts_and_never_beyond_its_amount(live: StripeClient) -> None:
    intent = live.v1.payment_intents.create(
        {"amount": 4250, "currency": "gbp", "payment_method": "pm_card_visa", "confirm": True}
    )
    part = live.v1.refunds.create(
        {"payment_intent": intent.id, "amount": 1000, "reason": "requested_by_customer"}
    )
    assert (part.amount, part.status) == (1000, "succeeded")
    with pytest.raises(library.InvalidRequestError, match="greater than unrefunded"):
        live.v1.refunds.create({"charge": part.charge, "amount": 3251})
    live.v1.refunds.create({"charge": part.charge})
    charge = live.v1.charges.retrieve(part.charge, {"expand": ["refunds.data.balance_transaction"]})
    assert (charge.amount_refunded, charge.refunded) == (4250, True)
    assert [refund.balance_transaction.amount for refund in charge.refunds.data] == [-3250, -1000]
    with pytest.raises(library.InvalidRequestError) as caught:
        live.v1.refunds.create({"charge": part.charge})
    assert caught.value.code == "charge_already_refunded"


def test_the_dispute_card_pays_and_is_disputed(live: StripeClient) -> None:
    intent = live.v1.payment_intents.create(
        {
            "amount": 900,
            "currency": "eur",
            "payment_method": "pm_card_createDispute",
            "confirm": True,
        }
    )
    dispute = live.v1.disputes.list({"charge": intent.latest_charge}).data[0]
    assert (dispute.amount, dispute.status, dispute.balance_transactions[0].net) == (
        900,
        "needs_response",
        -900 - 2000,
    )
    assert live.v1.charges.retrieve(intent.latest_charge).disputed is True


def test_deleting_a_customer_leaves_a_tombstone_and_ends_their_subscriptions(
    live: StripeClient,
) -> None:
    customer, method = customer_with(live)
    price = live.v1.prices.list({"currency": "eur", "limit": 1}).data[0].id
    agreement = live.v1.subscriptions.create({"customer": customer, "items": [{"price": price}]})
    assert live.v1.customers.delete(customer).deleted is True
    assert live.v1.customers.retrieve(customer).deleted is True
    assert live.v1.subscriptions.retrieve(agreement.id).status == "canceled"
    assert live.v1.payment_methods.retrieve(method).customer is None
    assert events_of(live, customer)[-1] == "customer.deleted"
    with pytest.raises(library.InvalidRequestError) as caught:
        live.v1.customers.update(customer, {"name": "Nobody"})
    assert caught.value.http_status == 404


def test_a_failed_invoice_of_the_demo_company_is_recovered_with_a_new_card(
    live: StripeClient,
) -> None:
    lost = [
        invoice
        for invoice in live.v1.invoices.list({"limit": 100}).auto_paging_iter()
        if invoice.status in ("open", "uncollectible")
    ]
    invoice = next(item for item in lost if item.attempted)
    with pytest.raises(library.CardError):
        live.v1.invoices.pay(invoice.id)
    method = live.v1.payment_methods.attach("pm_card_visa", {"customer": invoice.customer})
    assert live.v1.invoices.pay(invoice.id, {"payment_method": method.id}).status == "paid"


def test_a_portal_session_belongs_to_a_customer(live: StripeClient) -> None:
    customer = live.v1.customers.create({})
    session = live.v1.billing_portal.sessions.create(
        {"customer": customer.id, "return_url": "https://example.com"}
    )
    assert (session.customer, session.return_url) == (customer.id, "https://example.com")
    with pytest.raises(library.InvalidRequestError, match="No such customer"):
        live.v1.billing_portal.sessions.create({"customer": "cus_none"})


def test_one_idempotency_key_is_one_change(live: StripeClient) -> None:
    once = {"idempotency_key": "order-1"}
    first = live.v1.customers.create({"name": "Once"}, once)
    again = live.v1.customers.create({"name": "Once"}, once)
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    with pytest.raises(library.IdempotencyError) as caught:
        live.v1.customers.create({"name": "Twice"}, once)
    assert caught.value.http_status == 400
    declined = {"idempotency_key": "order-2"}
    params = {
        "amount": 100,
        "currency": "eur",
        "payment_method": "pm_card_chargeDeclined",
        "confirm": True,
    }
    charges = []
    for _ in range(2):
        with pytest.raises(library.CardError) as refused:
            live.v1.payment_intents.create(params, declined)
        charges.append(refused.value.error.charge)
    assert charges[0] == charges[1]


def test_what_is_wrong_with_a_request_is_said_by_parameter(live: StripeClient) -> None:
    for call, param, code in (
        (
            lambda: live.v1.payment_intents.create({"currency": "eur"}),
            "amount",
            "parameter_missing",
        ),  # type: ignore[typeddict-item]
        (
            lambda: live.v1.payment_intents.create({"amount": "x", "currency": "eur"}),
            "amount",
            "parameter_invalid_integer",
        ),  # type: ignore[typeddict-item]
        (lambda: live.v1.charges.list({"limit": 101}), "limit", "parameter_invalid_integer"),
        (lambda: live.v1.charges.list({"colour": "red"}), "colour", "parameter_unknown"),  # type: ignore[typeddict-unknown-key]
        (
            lambda: live.v1.charges.list({"starting_after": "ch_none"}),
            "starting_after",
            "resource_missing",
        ),
        (
            lambda: live.v1.payment_methods.list({"created": {"gt": 1}}),
            "created",
            "parameter_unknown",
        ),  # type: ignore[typeddict-unknown-key]
        (lambda: live.v1.setup_attempts.list({}), "setup_intent", "parameter_missing"),  # type: ignore[typeddict-item]
        (lambda: live.v1.invoices.create({"customer": "cus_none"}), "customer", "resource_missing"),
    ):
        with pytest.raises(library.InvalidRequestError) as caught:
            call()
        assert (caught.value.param, caught.value.code) == (param, code)


def test_an_invoice_that_is_sent_says_when_it_is_due(live: StripeClient) -> None:
    customer, _ = customer_with(live)
    asked = {"customer": customer, "currency": "eur", "collection_method": "send_invoice"}
    with pytest.raises(library.InvalidRequestError) as missing:
        live.v1.invoices.create(asked)
    assert missing.value.param == "days_until_due"
    with pytest.raises(library.InvalidRequestError, match="in the future"):
        live.v1.invoices.create({**asked, "due_date": HISTORY_ENDS - 1})
    with pytest.raises(library.InvalidRequestError, match="'send_invoice'"):
        live.v1.invoices.create({"customer": customer, "days_until_due": 3})
    made = live.v1.invoices.create({**asked, "days_until_due": 3})
    assert made.due_date == made.created + 3 * 86_400
    live.v1.invoice_items.create(
        {"customer": customer, "invoice": made.id, "amount": 900, "currency": "eur"}
    )
    sent = live.v1.invoices.send_invoice(made.id)
    assert (sent.status, sent.collection_method, sent.attempted, sent.next_payment_attempt) == (
        "open", "send_invoice", False, None,
    )  # fmt: skip
    assert events_of(live, made.id)[-1] == "invoice.sent"
