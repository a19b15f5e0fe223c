"""What does an invoice say? Lines, prorations, discounts and taxes, in exact integers."""

from __future__ import annotations

from sandbox.company.calendar import day_of
from sandbox.company.catalog import round_half_up
from sandbox.company.facts import Customer, Discount, Invoice, Item, Line, Subscription


def rounded(currency: str, numerator: int, denominator: int) -> int:
    """Round half up to a chargeable amount (three-decimal currencies end in zero)."""
    if currency == "kwd":
        return round_half_up(numerator, denominator * 10) * 10
    return round_half_up(numerator, denominator)


def discount_applies(discount: Discount | None, at: int, first: bool) -> bool:
    """Whether a discount lowers an invoice created at `at`."""
    if discount is None:
        return False
    if discount.coupon.duration == "once":
        return first
    return discount.end is None or at < discount.end


def period_lines(
    customer: Customer, items: tuple[Item, ...], start: int, end: int, trial: bool
) -> list[Line]:
    """The lines that one period of a subscription costs."""
    lines = []
    for item in items:
        if item.price.meter is not None:
            continue  # Billed after the period, by what was used: `usage.usage_lines`.
        amount = 0 if trial else item.price.unit_amount * item.quantity
        text = (
            f"Trial period for {item.price.product.name}"
            if trial
            else f"{item.quantity} × {item.price.nickname}"
        )
        lines.append(
            Line(
                customer.new_id("il"), text, amount, item.quantity, item.price, item.id, start, end
            )
        )
    return lines


def proration_lines(
    customer: Customer, old: tuple[Item, ...], new: tuple[Item, ...], at: int, start: int, end: int
) -> list[Line]:
    """Credit the unused rest of the period on the old items, charge it on the new ones."""
    lines = []
    until_day = day_of(at).strftime("%d %b %Y")
    for sign, word, items in ((-1, "Unused", old), (1, "Remaining", new)):
        for item in items:
            full = item.price.unit_amount * item.quantity
            amount = sign * rounded(customer.currency, full * (end - at), end - start)
            text = f"{word} time on {item.quantity} × {item.price.product.name} after {until_day}"
            line = Line(
                customer.new_id("il"),
                text,
                amount,
                item.quantity,
                item.price,
                item.id,
                at,
                end,
                proration=True,
            )
            line.pending_id = customer.new_id("ii")
            line.pending_created = at
            lines.append(line)
    return lines


def reckon(
    customer: Customer,
    subscription: Subscription | None,
    lines: list[Line],
    created: int,
    first: bool,
) -> None:
    """Put each line's share of the discount, and its tax, on the lines of one invoice."""
    discount = subscription.discount if subscription else None
    currency = customer.currency
    if discount is not None and discount_applies(discount, created, first):
        lowered = [line for line in lines if not line.proration and line.amount > 0]
        total = sum(line.amount for line in lowered)
        # An amount is off all of them together: each line has its share, what is rounded goes on.
        off, seen, given = min(discount.coupon.amount_off or 0, total), 0, 0
        for line in lowered:
            if discount.coupon.percent_off is not None:
                line.discount = rounded(currency, line.amount * discount.coupon.percent_off, 100)
            else:
                seen += line.amount
                line.discount = rounded(currency, off * seen, total) - given
                given += line.discount
    if customer.tax_rate is not None:
        for line in lines:
            line.tax = rounded(
                currency, (line.amount - line.discount) * customer.tax_rate.basis_points, 10_000
            )


def write_invoice(
    customer: Customer,
    subscription: Subscription | None,
    lines: list[Line],
    created: int,
    finalized_at: int,
    period: tuple[int, int],
    reason: str,
    first: bool,
) -> Invoice:
    """Add lines up to an invoice and append it to the customer's."""
    reckon(customer, subscription, lines, created, first)
    subtotal = sum(line.amount for line in lines)
    reduction = sum(line.discount for line in lines)
    tax = sum(line.tax for line in lines)
    customer.sequence += 1
    invoice = Invoice(
        id=customer.new_id("in"),
        number=f"{customer.prefix}-{customer.sequence:04d}",
        customer=customer,
        subscription=subscription,
        reason=reason,
        created=created,
        finalized_at=finalized_at,
        period_start=period[0],
        period_end=period[1],
        lines=lines,
        subtotal=subtotal,
        discount=reduction,
        tax=tax,
        total=subtotal - reduction + tax,
        tax_rate=customer.tax_rate,
        intent_id=customer.new_id("pi"),
        payment_id=customer.new_id("inpay"),
    )
    customer.invoices.append(invoice)
    if subscription is not None:
        subscription.latest_invoices.append((created, invoice.id))
    return invoice
