"""How do a workspace's messages look? Its brand, read and changed."""

from email.utils import parseaddr

from core.clock import utc_now
from core.database import Rows
from recovery.messages.rendering import Brand
from recovery.payer.wording import Voice, keep_voice, voice_of
from serving.audit_log.entries import record
from serving.auth.scope import TenantScope
from serving.recovery.message_schemas import Look


def look(rows: Rows, scope: TenantScope) -> Look:
    """Return how messages look now."""
    voice = voice_of(rows, str(scope.tenant), parseaddr(scope.mail_from)[1])
    brand = voice.brand
    return Look(
        company_name=brand.company_name, support_email=voice.support_email, colour=brand.colour,
        logo_url=brand.logo_url, postal_address=brand.postal_address,
    )  # fmt: skip


def change_look(rows: Rows, scope: TenantScope, wanted: Look) -> Look:
    """Keep how messages look from now on."""
    brand = Brand(wanted.company_name, wanted.colour, wanted.logo_url, wanted.postal_address)
    keep_voice(rows, str(scope.tenant), Voice(brand, wanted.support_email), utc_now())
    record(rows, scope, "recovery_brand.changed", str(scope.tenant))
    return wanted
