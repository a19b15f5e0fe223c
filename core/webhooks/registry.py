"""Which providers send webhooks? One line each."""

from core.webhooks import plaid, quickbooks, stripe, teller, xero
from core.webhooks.delivery import Scheme

SCHEMES: dict[str, Scheme] = {
    "stripe": stripe,
    "plaid": plaid,
    "teller": teller,
    "quickbooks": quickbooks,
    "xero": xero,
}
