"""How does Stripe show invoices, their lines, payments, credit notes and checkouts at a moment?"""

from __future__ import annotations

import json

from sandbox.company.billing import reckon
from sandbox.company.calendar import add_months
from sandbox.company.facts import (
    NEVER,
    Checkout,
    CreditNote,
    Customer,
    Discount,
    Invoice,
    Item,
    Line,
    Subscription,
)
from sandbox.company.usage import usage_line
from sandbox.stripe import shapes
from sandbox.stripe.render_people import address, tax_exempt
from sandbox.stripe.template import array, boolean, embedded_list, number, quoted


def upto(moment: int | None, at: int) -> int | None:
    """A moment that has come by `at`, else None."""
    return moment if moment is not None and moment <= at and moment != NEVER else None


FINALIZES_UNKNOWN = '"automatically_finalizes_at":null'
_NO_PAYMENT = "no_payment_required"


def _reductions(amount: int, discount: Discount | None, more: str = "") -> str:
    if discount is None:
        return "[]"
    return f'[{{"amount":{amount},"discount":"{discount.id}"{more}}}]'


def _tax_ids(customer: Customer) -> str:
    return f'[{{"type":"eu_vat","value":"{customer.vat_id}"}}]' if customer.vat_id else "[]"


def render_line(invoice: Invoice, line: Line) -> str:
    """One invoice line; `at` does not matter, lines do not change."""
    discount = invoice.subscription.discount if invoice.subscription and line.discount else None
    subscription_id = invoice.subscription.id if invoice.subscription else ""
    parent = shapes.LINE_PARENT_PENDING if line.pending_id else shapes.LINE_PARENT_ITEM
    taxes = "[]"
    if invoice.tax_rate is not None:
        taxes = array([render_tax(line.tax, invoice.tax_rate.id, line.amount - line.discount)])
    price = line.price
    return shapes.LINE({
        "id": line.id, "amount": line.amount, "currency": invoice.customer.currency,
        "description": json.dumps(line.description),
        "discount_amounts": _reductions(line.discount, discount),
        "discountable": boolean(not line.proration),
        "discounts": array([quoted(discount.id)] if discount else []),
        "invoice": quoted(invoice.id),
        "parent": parent({"pending": quoted(line.pending_id), "proration": boolean(line.proration),
        "subscription": subscription_id, "item": line.item_id}),
        "start": line.start, "end": line.end,
        "credits": _reductions(line.discount, discount, ',"type":"discount"'),
        "price": price.id if price else "", "product": price.product.id if price else "",
        "unit": price.unit_decimal if price else line.amount,
        "quantity": line.quantity, "subscription": quoted(subscription_id), "taxes": taxes,
    })  # fmt: skip


def render_tax(amount: int, rate: str, taxable: int) -> str:
    """One tax of a line, invoice or credit note."""
    return shapes.TAX_AMOUNT({"amount": amount, "rate": rate, "taxable": taxable})


def render_pending(
    customer: Customer, subscription: Subscription, line: Line, invoice: str | None
) -> str:
    """The invoice item behind a proration line."""
    assert line.price is not None
    return shapes.INVOICEITEM({
        "id": line.pending_id, "amount": line.amount, "currency": customer.currency,
        "customer": customer.id, "date": line.pending_created,
        "description": json.dumps(line.description), "invoice": quoted(invoice),
        "subscription": subscription.id, "item": line.item_id,
        "start": line.start, "end": line.end, "price": line.price.id,
        "product": line.price.product.id, "unit": line.price.unit_decimal,
        "quantity": line.quantity,
    })  # fmt: skip


def status_at(invoice: Invoice, at: int) -> str:
    """Draft, open, paid, uncollectible or void, at a moment."""
    if at >= invoice.paid_at:
        return "paid"
    if at >= invoice.voided_at:
        return "void"
    if at >= invoice.uncollectible_at:
        return "uncollectible"
    return "open" if at >= invoice.finalized_at else "draft"


def payment_status_at(invoice: Invoice, at: int) -> str:
    """The state of the invoice's one payment."""
    status = status_at(invoice, at)
    return "paid" if status == "paid" else "canceled" if status == "void" else "open"


def render_payment(invoice: Invoice, at: int) -> str:
    """The link from an invoice to its payment intent."""
    status = payment_status_at(invoice, at)
    return shapes.INVOICE_PAYMENT({
        "id": invoice.payment_id, "amount_paid": invoice.total if status == "paid" else "null",
        "amount": invoice.total, "created": invoice.finalized_at,
        "currency": invoice.customer.currency, "invoice": invoice.id, "intent": invoice.intent_id,
        "status": status,
        "canceled_at": number(upto(invoice.voided_at, at)),
        "paid_at": number(upto(invoice.paid_at, at)),
    })  # fmt: skip


def render_invoice(invoice: Invoice, at: int) -> str:
    """An invoice as of a moment, its first ten lines inside."""
    status = status_at(invoice, at)
    customer, subscription = invoice.customer, invoice.subscription
    lines = [render_line(invoice, line) for line in invoice.lines]
    finalized = upto(invoice.finalized_at, at)
    paid = status == "paid"
    tried = [attempt for attempt in invoice.attempts if attempt.at <= at]
    # What a customer does by themselves is outside the retry schedule and does not count.
    count = sum(1 for attempt in tried if not attempt.by_customer)
    next_attempt = next(
        (after for failed, after in reversed(invoice.retries) if failed <= at), None
    )
    if status == "draft":
        next_attempt = invoice.finalized_at + 5
    elif status != "open":
        next_attempt = None
    discount = subscription.discount if subscription and invoice.discount else None
    taxes = "[]"
    if invoice.tax_rate is not None:
        taxes = array(
            [render_tax(invoice.tax, invoice.tax_rate.id, invoice.subtotal - invoice.discount)]
        )
    hosted = f"https://invoice.northwind.example/i/{invoice.id}" if finalized is not None else None
    ended = subscription is not None and at >= subscription.ended_at
    credit = sum(note.total for note in invoice.credit_notes if note.at <= at)
    return shapes.INVOICE({
        "id": invoice.id, "amount_due": invoice.total, "amount_paid": invoice.total if paid else 0,
        "amount_remaining": 0 if paid else invoice.total, "attempt_count": count,
        "attempted": boolean(bool(tried) or paid),
        "auto_advance": boolean(status in ("draft", "open") and not ended),
        "finalizes_at": number(invoice.finalized_at if status == "draft" else None),
        "reason": invoice.reason, "created": invoice.created,
        "currency": customer.currency, "customer": customer.id, **address(customer),
        "email": customer.email, "name": customer.name,
        "phone": quoted(customer.phone), "tax_exempt": tax_exempt(customer),
        "tax_ids": _tax_ids(customer),
        "tax_rates": "[]", "discounts": array([quoted(discount.id)] if discount else []),
        "effective_at": number(finalized),
        "ending_balance": number(0 if finalized is not None else None),
        "hosted_url": quoted(hosted), "pdf_url": quoted(hosted and hosted + "/pdf"),
        "lines": embedded_list(lines[:10], f"/v1/invoices/{invoice.id}/lines", len(lines) > 10),
        "next_attempt": number(next_attempt),
        "number": quoted(invoice.number if finalized is not None else None),
        "parent": "null" if subscription is None else
        f'{{"quote_details":null,"subscription_details":{{"metadata":{{}},"subscription":"{subscription.id}"}},"type":"subscription_details"}}',
        "period_start": invoice.period_start, "period_end": invoice.period_end,
        "post_payment_credit": credit, "status": status,
        "finalized_at": number(finalized),
        "uncollectible_at": number(upto(invoice.uncollectible_at, at)),
        "paid_at": number(upto(invoice.paid_at, at)),
        "voided_at": number(upto(invoice.voided_at, at)), "subtotal": invoice.subtotal,
        "total": invoice.total,
        "discount_amounts": _reductions(invoice.discount, discount),
        "total_excluding_tax": invoice.subtotal - invoice.discount,
        "credits": _reductions(invoice.discount, discount, ',"type":"discount"'),
        "taxes": taxes,
    })  # fmt: skip


def _next_line(subscription: Subscription, item: Item, start: int, end: int, at: int) -> Line:
    price, identity = item.price, f"il_tmp_{item.id[3:]}"
    if price.meter is not None:
        # Of what is used, the preview tells what was used so far; a trial's use is free.
        since = next(begin for _, begin, until in subscription.periods if until == start)
        return usage_line(identity, item, since, at, free=subscription.trial_end == start)
    amount = price.unit_amount * item.quantity
    text = f"{item.quantity} × {price.nickname}"
    return Line(identity, text, amount, item.quantity, price, item.id, start, end)


def render_upcoming(subscription: Subscription, renews_at: int, at: int) -> str:
    """The preview of the next renewal: an invoice without id, number or lines of its own."""
    customer = subscription.customer
    items = subscription.items_at(at)
    end = add_months(renews_at, items[0].price.months)
    lines = [_next_line(subscription, item, renews_at, end, at) for item in items]
    reckon(customer, subscription, lines, renews_at, first=False)
    subtotal = sum(line.amount for line in lines)
    discount = sum(line.discount for line in lines)
    tax = sum(line.tax for line in lines)
    invoice = Invoice(
        id="", number="", customer=customer, subscription=subscription, reason="upcoming",
        created=renews_at, finalized_at=NEVER, period_start=at, period_end=renews_at, lines=lines,
        subtotal=subtotal, discount=discount, tax=tax, total=subtotal - discount + tax,
        tax_rate=customer.tax_rate, intent_id="", payment_id="",
    )  # fmt: skip
    text = render_invoice(invoice, at).replace('"id":"",', "", 1)
    # The renewal's day is known although there is no draft yet.
    text = text.replace(f'"automatically_finalizes_at":{NEVER}', FINALIZES_UNKNOWN, 1)
    return text.replace(f":{NEVER + 5},", f":{renews_at + 3_600},", 1)


def render_credit_note(note: CreditNote) -> str:
    """A credit note with its one line."""
    invoice = note.invoice
    taxes = (
        array([render_tax(note.tax, invoice.tax_rate.id, note.subtotal)])
        if invoice.tax_rate
        else "[]"
    )
    line = shapes.CREDIT_NOTE_LINE({
        "id": "cnli" + note.id[2:], "amount": note.subtotal, "description": json.dumps("Credit"),
        "line": note.line_id, "taxes": taxes,
    })  # fmt: skip
    refunds = []
    if note.refund is not None:
        refunds.append(
            f'{{"amount_refunded":{note.refund.amount},"payment_record_refund":null,"refund":"{note.refund.id}","type":"refund"}}'
        )
    return shapes.CREDIT_NOTE({
        "id": note.id, "total": note.total, "created": note.at,
        "currency": invoice.customer.currency, "customer": invoice.customer.id,
        "invoice": invoice.id, "lines": embedded_list([line], f"/v1/credit_notes/{note.id}/lines"),
        "number": note.number,
        "pdf": f"https://invoice.northwind.example/cn/{note.id}/pdf", "reason": note.reason,
        "refunds": array(refunds), "subtotal": note.subtotal,
        "taxes": taxes,
    })  # fmt: skip


def render_checkout(checkout: Checkout, at: int) -> str:
    """A checkout session: open until it is completed."""
    done = at >= checkout.completed_at
    invoice, customer = checkout.invoice, checkout.subscription.customer
    details = "null"
    if done:
        where = json.dumps(
            {
                "city": None,
                "country": customer.country,
                "line1": None,
                "line2": None,
                "postal_code": customer.postal_code,
                "state": None,
            }
        )
        details = (
            f'{{"address":{where},"business_name":null,"email":"{customer.email}","individual_name":null,"name":"{customer.name}",'
            f'"phone":null,"tax_exempt":"none","tax_ids":[]}}'
        )
    return shapes.CHECKOUT_SESSION({
        "id": checkout.id, "subtotal": invoice.subtotal, "total": invoice.total,
        "created": checkout.created, "currency": customer.currency,
        "customer": quoted(customer.id if done else None), "details": details,
        "expires_at": checkout.created + 86_400,
        "invoice": quoted(invoice.id if done else None),
        "payment_status": "unpaid" if not done else "paid" if invoice.total else _NO_PAYMENT,
        "status": "complete" if done else "open",
        "subscription": quoted(checkout.subscription.id if done else None),
        "discount": invoice.discount, "tax": invoice.tax,
        "url": quoted(None if done else f"https://checkout.northwind.example/c/{checkout.id}"),
    })  # fmt: skip
