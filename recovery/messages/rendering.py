"""How do a template and a debt become a message? Sandboxed Jinja, then MJML, and the same as text.

Templates are written by a workspace's people: they may name facts and ask whether one is known, and
reach nothing else. What a payer is called is data, never markup: it is escaped in HTML, and a line
break in it cannot begin a header.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from babel import Locale
from jinja2 import StrictUndefined, TemplateError, meta, nodes
from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape
from mjml import mjml2html

from core.errors import InvalidInputError
from recovery.messages.facts import EXAMPLE, OPTIONAL, Facts
from recovery.messages.templates import Template, reasons

LAYOUT = Path(__file__).parent / "layout.mjml"
WORDS = ("subject", "preheader", "paragraphs", "action", "sms")
# More is no message.
MOST_CHARACTERS = 20_000
FILTERS = ("upper", "lower", "title")
# Facts and conditions are all that a message needs: no loops, calls, attributes or arithmetic,
# by which a template could reach elsewhere or grow without end.
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Not, nodes.And,
    nodes.Or, nodes.Filter,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Brand:
    """How a company's messages look; colours as #rrggbb, the address of its office as text."""

    company_name: str
    colour: str = "#1d4ed8"
    logo_url: str = ""
    postal_address: str = ""

    def __post_init__(self) -> None:
        """Refuse what could be markup."""
        digits = self.colour[1:]
        if self.colour[:1] != "#" or len(digits) != 6 or not set(digits) <= set("0123456789abcdef"):
            raise InvalidInputError("A colour is written #rrggbb, in lower case.")
        if self.logo_url and not self.logo_url.startswith("https://"):
            raise InvalidInputError("A logo is at an https address.")

    @property
    def text_colour(self) -> str:
        """Black or white, whichever reads better on the colour (WCAG 2.2, relative luminance)."""
        parts = [int(self.colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "#ffffff"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to be sent: `text` says all that `html` does."""

    subject: str
    html: str
    text: str
    language: str


def render(
    template: Template, facts: Facts, brand: Brand, *, unsubscribe_url: str = "", region: str = ""
) -> Rendered:
    """Fill a template in.

    Args:
        template: The words.
        facts: What is known of the debt.
        brand: The layout's name, colour and logo.
        unsubscribe_url: Shown below the message where reminders can be ended; empty for none.
        region: The reader's country, for how amounts and dates are written ("AT"); empty for the
            language's own.

    Raises:
        InvalidInputError: The template names what is not there, or says what no template may.
    """
    locale = locale_of(template.language, region)
    values = facts.formatted(locale, reasons(template.language))
    plain = {
        name: fill(words, values) for name, words in parts_of(template).items() if name != "sms"
    }
    paragraphs = [plain[name] for name in plain if name.startswith("paragraph")]
    html = mjml2html(
        _layout().render(
            language=template.language,
            preheader=plain["preheader"],
            paragraphs=[_html(text) for text in paragraphs],
            action=plain["action"],
            url=facts.pay_url,
            brand=brand,
            unsubscribe_url=unsubscribe_url,
            unsubscribe=_UNSUBSCRIBE[template.language],
        )
    )
    # The button stands before the last two paragraphs, help and closing; so does the address.
    lines = [*paragraphs[:-2], f"{plain['action']}: {facts.pay_url}", *paragraphs[-2:]]
    foot = [brand.company_name, brand.postal_address] if brand.postal_address else []
    if unsubscribe_url:
        foot.append(f"{_UNSUBSCRIBE[template.language]}: {unsubscribe_url}")
    text = "\n\n".join([*lines, *(["-- \n" + "\n".join(foot)] if foot else [])]) + "\n"
    return Rendered(
        subject=" ".join(plain["subject"].splitlines()),
        html=html,
        text=text,
        language=template.language,
    )


def subject_line(template: Template, facts: Facts = EXAMPLE) -> str:
    """Fill the subject alone in, for lists; empty where it cannot be filled in."""
    values = facts.formatted(locale_of(template.language, ""), reasons(template.language))
    try:
        return " ".join(fill(template.subject, values).splitlines())
    except InvalidInputError:
        return ""


def variables(template: Template) -> frozenset[str]:
    """Return the facts that a template names, in any of its parts but the short message."""
    return named_in("\n".join(text for name, text in parts_of(template).items() if name != "sms"))


def named_in(words: str) -> frozenset[str]:
    """Return the facts that words name."""
    return frozenset(meta.find_undeclared_variables(parsed(words)))


def parts_of(template: Template) -> dict[str, str]:
    """Return a template's parts by name: subject, preheader, paragraph 1 and on, action, sms."""
    found: dict[str, str] = {}
    for field in fields(template):
        value = getattr(template, field.name)
        if field.name == "paragraphs":
            found |= {f"paragraph {number}": text for number, text in enumerate(value, 1)}
        elif field.name in WORDS:
            found[field.name] = value
    return found


def parsed(words: str) -> nodes.Template:
    """Read words.

    Raises:
        InvalidInputError: They cannot be read, or hold what no template may.
    """
    try:
        tree = _plain().parse(words)
    except TemplateError as error:
        raise InvalidInputError(f"The template cannot be read: {error}") from None
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED) or (
            isinstance(node, nodes.Filter) and node.name not in FILTERS
        ):
            raise InvalidInputError(
                "A template may name facts, ask whether one is known, and write them"
                f" {', '.join(FILTERS)}; it may not hold {type(node).__name__.lower()}."
            )
    return tree


def fill(words: str, values: Mapping[str, str | None]) -> str:
    """Fill words in.

    Raises:
        InvalidInputError: They use a fact that is not known, or are no template.
    """
    parsed(words)
    try:
        filled = _plain().from_string(words).render(values)
    except TemplateError as error:
        raise InvalidInputError(f"The template cannot be filled in: {error}") from None
    if len(filled) > MOST_CHARACTERS:
        raise InvalidInputError(f"A part is longer than {MOST_CHARACTERS} characters.")
    return filled.strip()


def _finalize(value: object) -> object:
    if value is None:
        raise InvalidInputError(
            "A fact is used that not every debt has: ask {% if … %} first, of "
            + ", ".join(OPTIONAL)
            + "."
        )
    return value


def _of_known(written: Callable[..., Any]) -> Callable[[object], Any]:
    """Refuse to write a fact that is not known: a filter would make the word NONE of it."""
    return lambda value: written(_finalize(value))


def _html(text: str) -> Markup:
    return Markup("<br />").join(escape(line) for line in text.splitlines())


def locale_of(language: str, region: str) -> Locale:
    """Return how a reader of a language in a country (empty for its own) has amounts and dates."""
    try:
        return Locale.parse(f"{language}_{region.upper()}" if region else language)
    except ValueError:
        return Locale.parse(language)


@cache
def _plain() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=_finalize, autoescape=False
    )
    environment.globals.clear()
    environment.filters = {name: _of_known(environment.filters[name]) for name in FILTERS}
    return environment


@cache
def _layout() -> Compiled:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
    return environment.from_string(LAYOUT.read_text())


_UNSUBSCRIBE = {
    "en": "Stop these reminders",
    "de": "Diese Erinnerungen beenden",
    "fr": "Ne plus recevoir ces rappels",
    "es": "Dejar de recibir estos avisos",
}
