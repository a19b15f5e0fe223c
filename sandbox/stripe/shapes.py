"""Which keys do Stripe's people and billing objects have, since 2025-03-31.basil?"""

from __future__ import annotations

from sandbox.stripe.template import raw, shape, text

# Keys stand in the wire's order, many to a line: a table, not code.
# fmt: off

ADDRESS = {"city": raw("city"), "country": text("country"), "line1": raw("line1"), "line2": None,
"postal_code": raw("postal_code"), "state": None}
_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))

CUSTOMER = shape({
    "id": text("id"), "object": "customer", "address": ADDRESS, "balance": raw("balance"),
    "created": raw("created"),
    "currency": text("currency"), "customer_account": None, "default_source": None,
    "delinquent": raw("delinquent"),
    "description": None, "discount": None, "email": text("email"), "invoice_prefix": text("prefix"),
    "invoice_settings": {"custom_fields": None, "default_payment_method": raw("method"),
    "footer": None, "rendering_options": None},
    "livemode": False, "metadata": {"northwind_id": text("index")}, "name": text("name"),
    "next_invoice_sequence": raw("sequence"),
    "phone": raw("phone"), "preferred_locales": [], "shipping": None,
    "tax_exempt": text("tax_exempt"), "test_clock": None,
})

_CARD_CHECKS = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}
_BILLING = {"address": {**_NO_ADDRESS, "country": text("country")}, "email": text("email"),
"name": text("name"), "phone": None, "tax_id": None}

CARD_METHOD = shape({
    "id": text("id"), "object": "payment_method", "allow_redisplay": "unspecified",
    "billing_details": _BILLING,
    "card": {
        "brand": text("brand"), "checks": _CARD_CHECKS, "country": text("country"),
        "display_brand": text("brand"),
        "exp_month": raw("exp_month"), "exp_year": raw("exp_year"),
        "fingerprint": text("fingerprint"), "funding": text("funding"),
        "generated_from": None, "last4": text("last4"),
        "networks": {"available": [text("brand")], "preferred": None},
        "regulated_status": "unregulated", "three_d_secure_usage": {"supported": True},
        "wallet": None,
    },
    "created": raw("created"), "customer": raw("customer"), "customer_account": None,
    "livemode": False, "metadata": {}, "type": "card",
})
DEBIT_METHOD = shape({
    "id": text("id"), "object": "payment_method", "allow_redisplay": "unspecified",
    "billing_details": _BILLING,
    "created": raw("created"), "customer": raw("customer"), "customer_account": None,
    "livemode": False, "metadata": {},
    "sepa_debit": {
        "bank_code": "37040044", "branch_code": "", "country": text("country"),
        "fingerprint": text("fingerprint"),
        "generated_from": {"charge": None, "setup_attempt": text("setup_attempt")},
        "last4": text("last4"),
    },
    "type": "sepa_debit",
})
SETUP_INTENT = shape({
    "id": text("id"), "object": "setup_intent", "application": None,
    "automatic_payment_methods": None, "cancellation_reason": None,
    "client_secret": text("secret"), "created": raw("created"), "customer": raw("customer"),
    "customer_account": None, "description": None,
    "excluded_payment_method_types": None, "flow_directions": None, "last_setup_error": None,
    "latest_attempt": raw("attempt"),
    "livemode": False, "mandate": raw("mandate"), "metadata": {}, "next_action": None,
    "on_behalf_of": None, "payment_method": raw("method"),
    "payment_method_configuration_details": None, "payment_method_options": {},
    "payment_method_types": [text("kind")],
    "single_use_mandate": None, "status": text("status"), "usage": "off_session",
})
SETUP_ATTEMPT = shape({
    "id": text("id"), "object": "setup_attempt", "application": None, "created": raw("created"),
    "customer": text("customer"), "customer_account": None, "flow_directions": None,
    "livemode": False, "on_behalf_of": None,
    "payment_method": text("method"),
    "payment_method_details": {"type": text("kind"), "card": None}, "setup_error": None,
    "setup_intent": text("intent"), "status": "succeeded", "usage": "off_session",
})
TAX_ID = shape({
    "id": text("id"), "object": "tax_id", "country": text("country"), "created": raw("created"),
    "customer": text("customer"),
    "customer_account": None, "livemode": False,
    "owner": {"customer": text("customer"), "customer_account": None, "type": "customer"},
    "type": text("type"), "value": text("value"),
    "verification": {"status": "verified", "verified_address": None, "verified_name": text("name")},
})

_DISCOUNT_KEYS = {
    "id": text("id"), "object": "discount", "checkout_session": None, "customer": text("customer"),
    "customer_account": None,
    "end": raw("end"), "invoice": None, "invoice_item": None, "promotion_code": raw("promotion"),
    "source": {"coupon": text("coupon"), "type": "coupon"}, "start": raw("start"),
    "subscription": text("subscription"), "subscription_item": None,
}
DISCOUNT = shape(_DISCOUNT_KEYS)
# What is left of one that is over, wherever it is expanded: when it ended is not in it.
DELETED_DISCOUNT = shape(
    {name: slot for name, slot in _DISCOUNT_KEYS.items() if name != "end"} | {"deleted": True}
)

_NO_TAX = {"disabled_reason": None, "enabled": False, "liability": None}
_ITEM: dict[str, object] = {
    "id": text("id"), "object": "subscription_item", "billing_thresholds": None,
    "created": raw("created"),
    "current_period_end": raw("period_end"), "current_period_start": raw("period_start"),
    "discounts": [], "metadata": {},
    "plan": raw("plan"), "price": raw("price"), "quantity": raw("quantity"),
    "subscription": text("subscription"), "tax_rates": [],
}
SUBSCRIPTION_ITEM = shape(_ITEM)
# What is billed by use has no quantity, not even null.
METERED_ITEM = shape({name: slot for name, slot in _ITEM.items() if name != "quantity"})
SUBSCRIPTION = shape({
    "id": text("id"), "object": "subscription", "application": None,
    "application_fee_percent": None, "automatic_tax": _NO_TAX,
    "billing_cycle_anchor": raw("anchor"), "billing_cycle_anchor_config": None,
    "billing_mode": {"flexible": None, "type": "classic"}, "billing_schedules": [],
    "billing_thresholds": None, "cancel_at": raw("cancel_at"),
    "cancel_at_period_end": raw("at_period_end"), "canceled_at": raw("canceled_at"),
    "cancellation_details": {"comment": None, "feedback": raw("feedback"), "reason": raw("reason")},
    "collection_method": "charge_automatically", "created": raw("created"),
    "currency": text("currency"), "customer": text("customer"),
    "customer_account": None, "days_until_due": None, "default_payment_method": raw("method"),
    "default_source": None,
    "default_tax_rates": raw("tax_rates"), "description": None, "discounts": raw("discounts"),
    "ended_at": raw("ended_at"),
    "invoice_settings": {"account_tax_ids": None, "custom_fields": None, "description": None,
    "footer": None, "issuer": {"type": "self"}},
    "items": raw("items"), "latest_invoice": raw("latest_invoice"), "livemode": False,
    "managed_payments": {"enabled": False}, "metadata": {},
    "next_pending_invoice_item_invoice": None, "on_behalf_of": None, "pause_collection": None,
    "payment_settings": {"payment_method_options": None, "payment_method_types": None,
    "save_default_payment_method": "off"},
    "pending_invoice_item_interval": None, "pending_setup_intent": None, "pending_update": None,
    "schedule": None,
    "start_date": raw("created"), "status": text("status"), "test_clock": None,
    "transfer_data": None, "trial_end": raw("trial_end"),
    "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
    "trial_start": raw("trial_start"),
})

LINE = shape({
    "id": text("id"), "object": "line_item", "amount": raw("amount"), "currency": text("currency"),
    "description": raw("description"),
    "discount_amounts": raw("discount_amounts"), "discountable": raw("discountable"),
    "discounts": raw("discounts"), "invoice": raw("invoice"),
    "livemode": False, "metadata": {}, "parent": raw("parent"),
    "period": {"end": raw("end"), "start": raw("start")},
    "pretax_credit_amounts": raw("credits"),
    "pricing": {"price_details": {"price": text("price"), "product": text("product")},
    "type": "price_details", "unit_amount_decimal": text("unit")},
    "quantity": raw("quantity"), "quantity_decimal": text("quantity"),
    "subscription": raw("subscription"), "subtotal": raw("amount"), "taxes": raw("taxes"),
})
_PRORATION = {"invoice_item": raw("pending"), "proration": raw("proration"),
"proration_details": {"credited_items": None}}
LINE_PARENT_ITEM = shape({
    "invoice_item_details": None,
    "subscription_item_details": {**_PRORATION, "subscription": text("subscription"),
    "subscription_item": text("item")},
    "type": "subscription_item_details",
})
LINE_PARENT_PENDING = shape({
    "invoice_item_details": {**_PRORATION, "subscription": text("subscription")},
    "subscription_item_details": None,
    "type": "invoice_item_details",
})
INVOICEITEM = shape({
    "id": text("id"), "object": "invoiceitem", "amount": raw("amount"),
    "currency": text("currency"), "customer": text("customer"),
    "customer_account": None, "date": raw("date"), "description": raw("description"),
    "discountable": False, "discounts": [],
    "invoice": raw("invoice"), "livemode": False, "metadata": {}, "net_amount": raw("amount"),
    "parent": {"subscription_details": {"subscription": text("subscription"),
    "subscription_item": text("item")}, "type": "subscription_details"},
    "period": {"end": raw("end"), "start": raw("start")},
    "pricing": {"price_details": {"price": text("price"), "product": text("product")},
    "type": "price_details", "unit_amount_decimal": text("unit")},
    "proration": True, "proration_details": {"discount_amounts": []}, "quantity": raw("quantity"),
    "quantity_decimal": text("quantity"),
    "tax_rates": [], "test_clock": None,
})
INVOICE = shape({
    "id": text("id"), "object": "invoice", "account_country": "IE",
    "account_name": "Northwind Analytics", "account_tax_ids": None,
    "amount_due": raw("amount_due"), "amount_overpaid": 0, "amount_paid": raw("amount_paid"),
    "amount_remaining": raw("amount_remaining"),
    "amount_shipping": 0, "application": None, "attempt_count": raw("attempt_count"),
    "attempted": raw("attempted"),
    "auto_advance": raw("auto_advance"),
    "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None,
    "provider": None, "status": None},
    "automatically_finalizes_at": raw("finalizes_at"), "billing_reason": text("reason"),
    "collection_method": "charge_automatically",
    "created": raw("created"), "currency": text("currency"), "custom_fields": None,
    "customer": text("customer"),
    "customer_account": None, "customer_address": ADDRESS, "customer_email": text("email"),
    "customer_name": text("name"),
    "customer_phone": raw("phone"), "customer_shipping": None,
    "customer_tax_exempt": text("tax_exempt"), "customer_tax_ids": raw("tax_ids"),
    "default_payment_method": None, "default_source": None, "default_tax_rates": raw("tax_rates"),
    "description": None,
    "discounts": raw("discounts"), "due_date": None, "effective_at": raw("effective_at"),
    "ending_balance": raw("ending_balance"),
    "footer": None, "from_invoice": None, "hosted_invoice_url": raw("hosted_url"),
    "invoice_pdf": raw("pdf_url"), "issuer": {"type": "self"},
    "last_finalization_error": None, "latest_revision": None, "lines": raw("lines"),
    "livemode": False, "metadata": {},
    "next_payment_attempt": raw("next_attempt"), "number": raw("number"), "on_behalf_of": None,
    "parent": raw("parent"),
    "payment_settings": {"default_mandate": None, "payment_method_options": None,
    "payment_method_types": None},
    "period_end": raw("period_end"), "period_start": raw("period_start"),
    "post_payment_credit_notes_amount": raw("post_payment_credit"),
    "pre_payment_credit_notes_amount": 0, "receipt_number": None,
    "rendering": None, "shipping_cost": None, "shipping_details": None, "starting_balance": 0,
    "statement_descriptor": None,
    "status": text("status"),
    "status_transitions": {
        "finalized_at": raw("finalized_at"), "marked_uncollectible_at": raw("uncollectible_at"),
        "paid_at": raw("paid_at"), "voided_at": raw("voided_at"),
    },
    "subtotal": raw("subtotal"), "subtotal_excluding_tax": raw("subtotal"), "test_clock": None,
    "total": raw("total"),
    "total_discount_amounts": raw("discount_amounts"),
    "total_excluding_tax": raw("total_excluding_tax"),
    "total_pretax_credit_amounts": raw("credits"), "total_taxes": raw("taxes"),
    "webhooks_delivered_at": raw("effective_at"),
})
INVOICE_PAYMENT = shape({
    "id": text("id"), "object": "invoice_payment", "amount_paid": raw("amount_paid"),
    "amount_requested": raw("amount"), "created": raw("created"),
    "currency": text("currency"), "invoice": text("invoice"), "is_default": True, "livemode": False,
    "payment": {"payment_intent": text("intent"), "type": "payment_intent"},
    "status": text("status"),
    "status_transitions": {"canceled_at": raw("canceled_at"), "paid_at": raw("paid_at")},
})
CREDIT_NOTE_LINE = shape({
    "id": text("id"), "object": "credit_note_line_item", "amount": raw("amount"),
    "description": raw("description"), "discount_amount": 0,
    "discount_amounts": [], "invoice_line_item": text("line"), "livemode": False, "metadata": {},
    "pretax_credit_amounts": [], "quantity": None,
    "tax_rates": [], "taxes": raw("taxes"), "type": "invoice_line_item", "unit_amount": None,
    "unit_amount_decimal": None,
})
CREDIT_NOTE = shape({
    "id": text("id"), "object": "credit_note", "amount": raw("total"), "amount_shipping": 0,
    "created": raw("created"), "currency": text("currency"),
    "customer": text("customer"), "customer_account": None, "customer_balance_transaction": None,
    "discount_amount": 0, "discount_amounts": [],
    "effective_at": raw("created"), "invoice": text("invoice"), "lines": raw("lines"),
    "livemode": False, "memo": None, "metadata": {},
    "number": text("number"), "out_of_band_amount": None, "pdf": text("pdf"),
    "post_payment_amount": raw("total"), "pre_payment_amount": 0,
    "pretax_credit_amounts": [], "reason": text("reason"), "refunds": raw("refunds"),
    "shipping_cost": None, "status": "issued",
    "subtotal": raw("subtotal"), "subtotal_excluding_tax": raw("subtotal"), "total": raw("total"),
    "total_excluding_tax": raw("subtotal"),
    "total_taxes": raw("taxes"), "type": "post_payment", "voided_at": None,
})
BALANCE_TRANSACTION = shape({
    "id": text("id"), "object": "customer_balance_transaction", "amount": raw("amount"),
    "checkout_session": None, "created": raw("created"), "credit_note": None,
    "currency": text("currency"), "customer": text("customer"), "customer_account": None,
    "description": raw("description"), "ending_balance": raw("balance"), "invoice": raw("invoice"),
    "livemode": False, "metadata": {}, "type": text("type"),
})
TAX_AMOUNT = shape({
    "amount": raw("amount"), "tax_behavior": "exclusive",
    "tax_rate_details": {"tax_rate": text("rate")},
    "taxability_reason": "standard_rated", "taxable_amount": raw("taxable"),
    "type": "tax_rate_details",
})
_CS_TEXT = {"after_submit": None, "shipping_address": None, "submit": None,
"terms_of_service_acceptance": None}
CHECKOUT_SESSION = shape({
    "id": text("id"), "object": "checkout.session", "adaptive_pricing": {"enabled": False},
    "after_expiration": None, "allow_promotion_codes": True,
    "amount_subtotal": raw("subtotal"), "amount_total": raw("total"),
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "billing_address_collection": "auto",
    "cancel_url": "https://northwind.example/pricing", "client_reference_id": None,
    "client_secret": None, "collected_information": None,
    "consent": None, "consent_collection": None, "created": raw("created"),
    "currency": text("currency"), "currency_conversion": None,
    "custom_fields": [], "custom_text": _CS_TEXT, "customer": raw("customer"),
    "customer_account": None, "customer_creation": "always",
    "customer_details": raw("details"), "customer_email": None, "discounts": [],
    "expires_at": raw("expires_at"), "integration_identifier": None,
    "invoice": raw("invoice"), "invoice_creation": None, "livemode": False, "locale": None,
    "managed_payments": {"enabled": False}, "metadata": {},
    "mode": "subscription", "origin_context": None, "payment_intent": None, "payment_link": None,
    "payment_method_collection": "always",
    "payment_method_configuration_details": None, "payment_method_options": {},
    "payment_method_types": ["card", "sepa_debit"],
    "payment_status": text("payment_status"), "permissions": None,
    "phone_number_collection": {"enabled": False}, "recovered_from": None,
    "saved_payment_method_options": {"allow_redisplay_filters": ["always"],
    "payment_method_remove": None, "payment_method_save": None},
    "setup_intent": None, "shipping_address_collection": None, "shipping_cost": None,
    "shipping_options": [], "status": text("status"),
    "submit_type": None, "subscription": raw("subscription"),
    "success_url": "https://northwind.example/welcome",
    "total_details": {"amount_discount": raw("discount"), "amount_shipping": 0,
    "amount_tax": raw("tax")}, "ui_mode": "hosted",
    "url": raw("url"), "wallet_options": None,
})
