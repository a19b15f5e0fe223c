"""Which keys do Stripe's payment and balance objects have, since 2025-03-31.basil?"""

from __future__ import annotations

from sandbox.stripe.template import raw, shape, text

# Keys stand in the wire's order, many to a line: a table, not code.
# fmt: off

_BILLING = {
    "address": {"city": None, "country": text("country"), "line1": None, "line2": None,
    "postal_code": None, "state": None},
    "email": text("email"), "name": text("name"), "phone": None, "tax_id": None,
}
PAYMENT_INTENT = shape({
    "id": text("id"), "object": "payment_intent", "amount": raw("amount"), "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": raw("received"), "application": None, "application_fee_amount": None,
    "automatic_payment_methods": None,
    "canceled_at": raw("canceled_at"), "cancellation_reason": raw("cancellation_reason"),
    "capture_method": "automatic",
    "client_secret": text("secret"), "confirmation_method": "automatic", "created": raw("created"),
    "currency": text("currency"),
    "customer": text("customer"), "customer_account": None, "description": text("description"),
    "excluded_payment_method_types": None,
    "last_payment_error": raw("error"), "latest_charge": raw("charge"), "livemode": False,
    "managed_payments": {"enabled": False},
    "metadata": {}, "next_action": raw("next_action"), "on_behalf_of": None,
    "payment_method": raw("method"), "payment_method_configuration_details": None,
    "payment_method_options": {},
    "payment_method_types": ["card", "sepa_debit"], "processing": None, "receipt_email": None,
    "review": None, "setup_future_usage": "off_session",
    "shipping": None, "source": None, "statement_descriptor": None,
    "statement_descriptor_suffix": None, "status": text("status"),
    "transfer_data": None, "transfer_group": None,
})
CARD_DETAILS = shape({
    "card": {
        "amount_authorized": raw("amount"), "authorization_code": None, "brand": text("brand"),
        "checks": {"address_line1_check": None, "address_postal_code_check": None,
        "cvc_check": "pass"}, "country": text("country"),
        "exp_month": raw("exp_month"), "exp_year": raw("exp_year"),
        "extended_authorization": {"status": "disabled"},
        "fingerprint": text("fingerprint"), "funding": text("funding"),
        "incremental_authorization": {"status": "unavailable"},
        "installments": None, "last4": text("last4"), "mandate": None,
        "multicapture": {"status": "unavailable"}, "network": text("brand"),
        "network_token": {"used": False}, "network_transaction_id": text("network_id"),
        "overcapture": {"maximum_amount_capturable": raw("amount"), "status": "unavailable"},
        "regulated_status": "unregulated",
        "three_d_secure": None, "transaction_link_id": None, "wallet": None,
    },
    "type": "card",
})
DEBIT_DETAILS = shape({
    "sepa_debit": {
        "bank_code": "37040044", "branch_code": "", "country": text("country"),
        "expected_debit_date": None, "fingerprint": text("fingerprint"),
        "last4": text("last4"), "mandate": text("mandate"),
    },
    "type": "sepa_debit",
})
CHARGE = shape({
    "id": text("id"), "object": "charge", "amount": raw("amount"),
    "amount_captured": raw("captured_amount"), "amount_refunded": raw("refunded_amount"),
    "application": None, "application_fee": None, "application_fee_amount": None,
    "balance_transaction": raw("entry"),
    "billing_details": _BILLING, "calculated_statement_descriptor": "NORTHWIND ANALYTICS",
    "captured": raw("captured"), "created": raw("created"),
    "currency": text("currency"), "customer": text("customer"), "description": text("description"),
    "disputed": raw("disputed"),
    "failure_balance_transaction": raw("failure_entry"), "failure_code": raw("failure_code"),
    "failure_message": raw("failure_message"),
    "fraud_details": {}, "livemode": False, "metadata": {}, "on_behalf_of": None,
    "outcome": raw("outcome"), "paid": raw("paid"),
    "payment_intent": text("intent"), "payment_method": text("method"),
    "payment_method_details": raw("details"), "receipt_email": None,
    "receipt_number": None, "receipt_url": raw("receipt_url"), "refunded": raw("refunded"),
    "review": None, "shipping": None, "source": None,
    "source_transfer": None, "statement_descriptor": None, "statement_descriptor_suffix": None,
    "status": text("status"), "transfer_data": None,
    "transfer_group": None,
})
OUTCOME = shape({
    "advice_code": raw("advice"), "network_advice_code": raw("network_advice"),
    "network_decline_code": raw("network_code"),
    "network_status": text("network_status"), "reason": raw("reason"), "risk_level": "normal",
    "risk_score": raw("risk"),
    "seller_message": text("seller_message"), "type": text("type"),
})
BALANCE_TRANSACTION = shape({
    "id": text("id"), "object": "balance_transaction", "amount": raw("amount"),
    "available_on": raw("available_on"), "balance_type": "payments",
    "created": raw("created"), "currency": text("currency"), "description": raw("description"),
    "exchange_rate": raw("rate"), "fee": raw("fee"),
    "fee_details": raw("fee_details"), "net": raw("net"), "reporting_category": text("category"),
    "source": text("source"),
    "status": text("status"), "type": text("type"),
})
REFUND = shape({
    "id": text("id"), "object": "refund", "amount": raw("amount"),
    "balance_transaction": raw("entry"), "charge": text("charge"),
    "created": raw("created"), "currency": text("currency"), "customer": None,
    "customer_account": None,
    "destination_details": {"card": {"reference": None, "reference_status": "pending",
    "reference_type": "acquirer_reference_number", "type": "refund"}, "type": "card"},
    "metadata": {}, "payment_intent": raw("intent"), "payment_method": raw("method"),
    "reason": raw("reason"), "receipt_number": None,
    "source_transfer_reversal": None, "status": text("status"), "transfer_reversal": None,
})
_EVIDENCE = dict.fromkeys((
    "access_activity_log", "billing_address", "cancellation_policy",
    "cancellation_policy_disclosure", "cancellation_rebuttal",
    "customer_communication", "customer_email_address", "customer_name", "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation", "duplicate_charge_explanation", "duplicate_charge_id",
    "product_description", "receipt", "refund_policy",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date",
    "service_documentation", "shipping_address", "shipping_carrier",
    "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file",
    "uncategorized_text",
))
DISPUTE = shape({
    "id": text("id"), "object": "dispute", "amount": raw("amount"),
    "balance_transactions": raw("entries"), "charge": text("charge"),
    "created": raw("created"), "currency": text("currency"), "enhanced_eligibility_types": [],
    "evidence": {**_EVIDENCE, "enhanced_evidence": {}},
    "evidence_details": {
        "due_by": raw("due_by"), "enhanced_eligibility": {}, "has_evidence": raw("has_evidence"),
        "past_due": False, "submission_count": raw("submissions"),
    },
    "is_charge_refundable": False, "livemode": False, "metadata": {},
    "payment_intent": text("intent"),
    "payment_method_details": {"card": {"brand": text("brand"), "case_type": "chargeback",
    "network": text("brand"), "network_reason_code": "10.4"}, "type": "card"},
    "reason": text("reason"), "status": text("status"),
})
PAYOUT = shape({
    "id": text("id"), "object": "payout", "amount": raw("amount"), "application_fee": None,
    "application_fee_amount": None,
    "arrival_date": raw("arrival"), "automatic": True, "balance_transaction": text("entry"),
    "created": raw("created"), "currency": text("currency"),
    "description": "STRIPE PAYOUT", "destination": text("destination"),
    "failure_balance_transaction": None, "failure_code": None,
    "failure_message": None, "livemode": False, "metadata": {}, "method": "standard",
    "original_payout": None, "payout_method": None,
    "reconciliation_status": text("reconciliation"), "reversed_by": None, "source_type": "card",
    "statement_descriptor": None,
    "status": text("status"), "trace_id": {"status": text("trace_status"), "value": raw("trace")},
    "type": "bank_account",
})
MANDATE = shape({
    "id": text("id"), "object": "mandate",
    "customer_acceptance": {"accepted_at": raw("created"),
    "online": {"ip_address": "127.0.0.1", "user_agent": "sandbox"}, "type": "online"},
    "livemode": False, "multi_use": {}, "payment_method": text("method"),
    "payment_method_details": {"sepa_debit": {"reference": text("reference"),
    "url": "https://northwind.example/mandate"}, "type": "sepa_debit"},
    "status": "active", "type": "multi_use",
})
TRANSFER = shape({
    "id": text("id"), "object": "transfer", "amount": raw("amount"), "amount_reversed": 0,
    "balance_transaction": text("entry"),
    "created": raw("created"), "currency": text("currency"), "description": "Partner revenue share",
    "destination": text("destination"),
    "destination_payment": text("payment"), "livemode": False, "metadata": {},
    "reversals": raw("reversals"), "reversed": False,
    "source_transaction": None, "source_type": "card", "transfer_group": None,
})
APPLICATION_FEE = shape({
    "id": text("id"), "object": "application_fee", "account": text("account"),
    "amount": raw("amount"), "amount_refunded": 0,
    "application": "ca_NorthwindPartners", "balance_transaction": text("entry"),
    "charge": text("charge"), "created": raw("created"),
    "currency": text("currency"), "fee_source": {"charge": text("charge"), "type": "charge"},
    "livemode": False, "originating_transaction": None,
    "refunded": False, "refunds": raw("refunds"),
})
TOPUP = shape({
    "id": text("id"), "object": "topup", "amount": raw("amount"),
    "balance_transaction": text("entry"), "created": raw("created"),
    "currency": text("currency"), "description": "Funds for partner transfers",
    "expected_availability_date": raw("available_on"),
    "failure_code": None, "failure_message": None, "initiated_by": "account", "livemode": False,
    "metadata": {}, "source": None,
    "statement_descriptor": "Topup", "status": "succeeded", "transfer_group": None,
})
