"""How do a workspace's messages look, and in which voice? Its brand, read, changed, tried."""

from dataclasses import replace
from email.utils import parseaddr

from core.clock import utc_now
from core.database import Rows
from recovery.messages.facts import EXAMPLE
from recovery.messages.rendering import Brand, Rendered, render
from recovery.messages.templates import Purpose
from recovery.payer.wording import Voice, keep_voice, template_of, voice_of
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.recovery.brand_schemas import Look


def look(rows: Rows, scope: TenantScope) -> Look:
    """Return how messages look now."""
    voice = voice_of(rows, str(scope.tenant), parseaddr(scope.mail_from)[1])
    brand = voice.brand
    return Look(
        company_name=brand.company_name, sender_name=voice.sender_name,
        support_email=voice.support_email, colour=brand.colour, logo_url=brand.logo_url,
        postal_address=brand.postal_address, voice=voice.tone,
    )  # fmt: skip


def change_look(rows: Rows, scope: TenantScope, wanted: Look) -> Look:
    """Keep how messages look from now on."""
    keep_voice(rows, str(scope.tenant), _voice(wanted), utc_now())
    record(rows, scope, "recovery_brand.changed", str(scope.tenant))
    return wanted


def tried(
    rows: Rows, scope: TenantScope, wanted: Look, purpose: Purpose, language: str
) -> Rendered:
    """Return a message as it would look; nothing is kept."""
    template, _ = template_of(rows, str(scope.tenant), purpose, language, wanted.voice)
    facts = replace(EXAMPLE, company_name=wanted.company_name, support_email=wanted.support_email)
    return render(template, facts, _voice(wanted).brand)


def _voice(wanted: Look) -> Voice:
    brand = Brand(wanted.company_name, wanted.colour, wanted.logo_url, wanted.postal_address)
    return Voice(brand, wanted.support_email, wanted.voice, wanted.sender_name)
