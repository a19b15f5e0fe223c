"""Which providers stand beside Stripe? One line each: first path segment and application."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.enablebanking.app import EnableBankingApp
from sandbox.gocardless.app import GoCardlessApp
from sandbox.language_model.app import LanguageModelApp
from sandbox.oidc.app import OidcApp
from sandbox.plaid.app import PlaidApp
from sandbox.provider import MakeApp
from sandbox.quickbooks.app import QuickBooksApp
from sandbox.teller.app import TellerApp
from sandbox.xero.app import XeroApp

APPS: Mapping[str, MakeApp] = {
    "plaid": PlaidApp,
    "teller": TellerApp,
    "gocardless": GoCardlessApp,
    "enablebanking": EnableBankingApp,
    "quickbooks": QuickBooksApp,
    "xero": XeroApp,
    "oidc": OidcApp,
    "language_model": LanguageModelApp,
}
