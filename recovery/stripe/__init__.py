"""Stripe as recovery knows it: a small client, what it tells of a payment, what we do there."""
