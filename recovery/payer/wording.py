"""Which words does a message use? The workspace's own where it has some, else the library's.

A flow names a purpose and a tone; the language is the payer's. A purpose that nobody knows is taken
for a reminder rather than not written at all. The version in use speaks from the next message on,
of running episodes too; each message keeps which version it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from core.database import Rows
from recovery.messages.rendering import Brand
from recovery.messages.templates import LANGUAGES, Purpose, Template, Tone, library

_OWN = """
select version.version, version.document
from recovery_templates held
join recovery_template_versions version on version.workspace_id = held.workspace_id
    and version.purpose = held.purpose and version.language = held.language
    and version.tone = held.tone and version.version = held.live_version
where held.workspace_id = %s and held.purpose = %s and held.language = %s and held.tone = %s
"""
_BRAND = """
select brand.company_name, brand.support_email, brand.colour, brand.logo_url,
    brand.postal_address, brand.sender_name, brand.voice, workspaces.name
from workspaces left join recovery_brands brand on brand.workspace_id = workspaces.id
where workspaces.id = %s
"""
_KEEP_BRAND = """
insert into recovery_brands (workspace_id, company_name, support_email, colour, logo_url,
    postal_address, sender_name, voice, updated_at)
values (%(workspace_id)s, %(company_name)s, %(support_email)s, %(colour)s, %(logo_url)s,
    %(postal_address)s, %(sender_name)s, %(voice)s, %(now)s)
on conflict (workspace_id) do update set company_name = excluded.company_name,
    support_email = excluded.support_email, colour = excluded.colour, logo_url = excluded.logo_url,
    postal_address = excluded.postal_address, sender_name = excluded.sender_name,
    voice = excluded.voice, updated_at = excluded.updated_at
"""
_WORDS = ("subject", "preheader", "paragraphs", "action", "sms")


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: how messages look, where payers ask, and in which tone if a flow names none."""

    brand: Brand
    support_email: str
    tone: Tone = Tone.NEUTRAL
    sender_name: str = ""

    @property
    def sender(self) -> str:
        """Whom mail is from."""
        return self.sender_name or self.brand.company_name


def purpose_of(name: str) -> Purpose:
    """Return the purpose that a flow's template names."""
    return Purpose(name) if name in list(Purpose) else Purpose.REMINDER


def tone_of(name: str, voice: Tone) -> Tone:
    """Return the tone that a flow names; `brand` is the workspace's own voice."""
    return Tone(name) if name in list(Tone) else voice


def language_of(locale: str) -> str:
    """Return the language to write in: the payer's where we have words in it, else English."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in LANGUAGES else "en"


def region_of(locale: str) -> str:
    """Return the country of a locale, for how amounts and dates are written; empty for none."""
    parts = locale.replace("_", "-").split("-")
    return parts[-1].upper() if len(parts) > 1 and len(parts[-1]) == 2 else ""


def template_of(
    rows: Rows, workspace_id: str, purpose: Purpose, language: str, tone: Tone
) -> tuple[Template, int]:
    """Return the words of a message and which version they are; 0 is the library's."""
    known = library(purpose, language, tone)
    row = rows.execute(_OWN, [workspace_id, purpose, language, tone]).fetchone()
    return (known, 0) if row is None else (with_words(known, row["document"]), row["version"])


def with_words(template: Template, words: Mapping[str, Any]) -> Template:
    """Return a template with other words; what is not given stays."""
    given = {name: words[name] for name in _WORDS if name in words}
    if "paragraphs" in given:
        given["paragraphs"] = tuple(given["paragraphs"])
    return replace(template, **given)


def words_of(template: Template) -> dict[str, Any]:
    """Return a template's words, as they are kept and shown."""
    return {
        name: list(value) if isinstance(value := getattr(template, name), tuple) else value
        for name in _WORDS
    }


def voice_of(rows: Rows, workspace_id: str, fallback_email: str) -> Voice:
    """Return who speaks: what the workspace has set, else its name and the fallback."""
    row = rows.execute(_BRAND, [workspace_id]).fetchone()
    assert row is not None, "the workspace is there while its episodes are"
    if row["company_name"] is None:
        return Voice(Brand(row["name"]), fallback_email)
    names = ("company_name", "colour", "logo_url", "postal_address")
    brand = Brand(**{name: row[name] for name in names})
    return Voice(brand, row["support_email"], Tone(row["voice"]), row["sender_name"])


def keep_voice(rows: Rows, workspace_id: str, voice: Voice, now: datetime) -> None:
    """Keep how a workspace's messages look."""
    brand = voice.brand
    values = {
        "workspace_id": workspace_id, "company_name": brand.company_name, "colour": brand.colour,
        "logo_url": brand.logo_url, "postal_address": brand.postal_address,
        "support_email": voice.support_email, "sender_name": voice.sender_name,
        "voice": voice.tone, "now": now,
    }  # fmt: skip
    rows.execute(_KEEP_BRAND, values)
