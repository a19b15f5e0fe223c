"""What does a payer see behind the link of a message? What is owed, why, and what can be done.

A GET shows and changes nothing: mail scanners follow links. Everything else is a form's POST.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from email.utils import parseaddr
from typing import Annotated

from babel import Locale
from fastapi import APIRouter, Depends, Form, Request, Response

from core.clock import utc_now
from core.connections import ConnectionStore
from core.errors import NotFoundError, OppulenceError
from core.money import Money
from core.tenancy import TenantId
from recovery.accounts import Accounts
from recovery.engine.episode import Episode
from recovery.forecasting import NEVER_TRIED
from recovery.messages.facts import money
from recovery.messages.templates import reasons
from recovery.payer import acting
from recovery.payer.links import Link, Purpose, find_link
from recovery.payer.phrases import long_day, phrases
from recovery.payer.suppressing import suppress_address
from recovery.payer.wording import Voice, voice_of
from recovery.store.flows import FlowBook
from recovery.stripe.client import StripeClient
from serving.recovery.payer_answers import PayerRoute, away, go, page, said
from serving.web.visits import AnyVisit, Visit

router = APIRouter(include_in_schema=False, route_class=PayerRoute, prefix="/r/{token}")

# A payer clicks a few times; whoever tries tokens does not get far.
LOOKS = (("payer", 60, 60),)
DEEDS = (("payer-deed", 20, 600),)
_BOOK = FlowBook()


@dataclass(frozen=True, slots=True)
class Debt:
    """What a link opens: the episode as it is now, and who it is owed to."""

    visit: Visit
    token: str
    link: Link
    episode: Episode
    voice: Voice
    is_being_paid: bool

    @property
    def path(self) -> str:
        """The page's own address, without the host."""
        return f"/r/{self.token}"


def _debt(visit: AnyVisit, token: str) -> Debt:
    visit.limit(*LOOKS)
    if visit.request.method == "POST":
        visit.limit(*DEEDS)
    link = _link(visit, token, "pay")
    with visit.database.tenant(TenantId(link.workspace_id)) as rows:
        held = acting.held(rows, link)
        if held is None:
            raise NotFoundError("The episode is gone.")
        voice = voice_of(rows, link.workspace_id, parseaddr(visit.settings.mail_from)[1])
        is_being_paid = acting.is_being_paid(rows, held.episode)
    return Debt(visit, token, link, held.episode, voice, is_being_paid)


AnyDebt = Annotated[Debt, Depends(_debt)]


@router.get("")
def get_debt(debt: AnyDebt) -> Response:
    """Show the debt."""
    return _show(debt)


@router.post("/pay")
def post_pay(debt: AnyDebt) -> Response:
    """Try the payment at once, through the engine."""
    with debt.visit.database.tenant(TenantId(debt.link.workspace_id)) as rows:
        held = acting.held(rows, debt.link)
        if held is not None and acting.may_be_paid(held.episode):
            acting.pay_now(rows, held.episode, utc_now())
    return go(f"{debt.path}/trying")


@router.get("/trying")
def get_trying(debt: AnyDebt) -> Response:
    """Say how the try is getting on; the page asks again by itself."""
    if debt.is_being_paid:
        response = _show(debt, notice="busy")
        response.headers["Refresh"] = f"2; url={debt.path}/trying"
        return response
    return _show(debt, problem=_declined(debt))


@router.post("/method")
def post_method(debt: AnyDebt) -> Response:
    """Lead to Stripe's page for another method, made for this click."""
    address = debt.visit.settings.public_address + debt.path
    try:
        with _stripe(debt) as client:
            portal = acting.open_portal(client, debt.episode, f"{address}/back")
    except OppulenceError:
        return _show(debt, problem="unavailable", status=503)
    return away(debt.voice.brand, debt.link.language, portal)


@router.get("/back")
def get_back(debt: AnyDebt) -> Response:
    """Take up what was chosen at Stripe.

    This GET changes something, but only to what the customer has at Stripe already: repeating it,
    as a scanner might, is without effect.
    """
    try:
        with _stripe(debt) as client:
            is_new = acting.adopt_method(client, debt.episode)
    except OppulenceError:
        return _show(debt, problem="unavailable", status=503)
    if is_new:
        with debt.visit.database.tenant(TenantId(debt.link.workspace_id)) as rows:
            acting.look_again(rows, debt.episode, utc_now())
    return _show(debt, notice="done_method" if is_new else "no_method")


@router.post("/later")
def post_later(debt: AnyDebt, day: Annotated[str, Form(max_length=10)] = "") -> Response:
    """Promise a day."""
    now = utc_now()
    days = acting.days_from(now)
    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        chosen = date.min
    if not days.first <= chosen <= days.last:
        return _show(debt, problem="bad_day", status=422, opened="later")
    with debt.visit.database.tenant(TenantId(debt.link.workspace_id)) as rows:
        held = acting.held(rows, debt.link)
        if held is not None and held.episode.state != "ended":
            acting.promise(rows, _BOOK, held, chosen, now)
    return _show(debt, notice="done_later", day=long_day(chosen, debt.link.language))


@router.post("/help")
def post_help(debt: AnyDebt, text: Annotated[str, Form()] = "") -> Response:
    """Give a person of the merchant's the payer's words."""
    words = text.replace("\x00", "").strip()
    if not words or len(words) > acting.MOST_CHARACTERS:
        return _show(debt, problem="bad_help", status=422, opened="help")
    with debt.visit.database.tenant(TenantId(debt.link.workspace_id)) as rows:
        held = acting.held(rows, debt.link)
        if held is not None and held.episode.state != "ended":
            acting.ask_for_help(rows, _BOOK, held, words, utc_now())
    return _show(debt, notice="done_help")


@router.get("/unsubscribe")
def get_unsubscribe(visit: AnyVisit, token: str) -> Response:
    """Ask whether reminders shall end."""
    visit.limit(*LOOKS)
    link, voice = _stop(visit, token)
    words = phrases(link.language, company=voice.brand.company_name)
    return said(
        voice.brand, link.language, words.stop_title, words.stop, button=words.stop_button,
        action=f"/r/{token}/unsubscribe",
    )  # fmt: skip


@router.post("/unsubscribe")
def post_unsubscribe(visit: AnyVisit, token: str, request: Request) -> Response:
    """End reminders to the address: a click here, or a mail client's one click (RFC 8058)."""
    visit.limit(*LOOKS)
    link, voice = _stop(visit, token)
    with visit.database.tenant(TenantId(link.workspace_id)) as rows:
        suppress_address(
            rows, link.workspace_id, link.channel, link.address_hash, "unsubscribed", utc_now(),
            told_by="payer", episode_id=link.episode_id,
        )  # fmt: skip
    words = phrases(link.language)
    return said(voice.brand, link.language, words.stopped_title, words.stopped)


def _stop(visit: Visit, token: str) -> tuple[Link, Voice]:
    link = _link(visit, token, "unsubscribe")
    with visit.database.tenant(TenantId(link.workspace_id)) as rows:
        return link, voice_of(rows, link.workspace_id, parseaddr(visit.settings.mail_from)[1])


def _link(visit: Visit, token: str, purpose: Purpose) -> Link:
    if len(token) <= 100:
        link = find_link(visit.database, token, purpose, secret=visit.secret, now=utc_now())
        if link is not None:
            return link
    raise NotFoundError("The link opens nothing.")


@contextmanager
def _stripe(debt: Debt) -> Iterator[StripeClient]:
    """Ask the merchant's account for the length of one click."""
    engines = debt.visit.engines
    accounts = Accounts(ConnectionStore(engines.database, engines.box))
    try:
        yield accounts.client(debt.link.workspace_id, debt.episode.connection_id)
    finally:
        accounts.close()


def _declined(debt: Debt) -> str:
    if debt.episode.state == "ended":
        return ""
    if debt.episode.facts.get("decline_class") == "action_needed":
        return "confirm"
    return "declined"


def _wants_method(episode: Episode) -> bool:
    """Say whether trying the present method again would be refused, so that another helps."""
    is_firm = episode.facts.get("decline_class") in NEVER_TRIED
    return is_firm and not episode.memory.has_new_method


def _show(
    debt: Debt,
    *,
    notice: str = "",
    problem: str = "",
    status: int = 200,
    opened: str = "",
    day: str = "",
) -> Response:
    episode, brand, language = debt.episode, debt.voice.brand, debt.link.language
    told = reasons(language)
    reason = told.get(str(episode.facts.get("decline_reason", "")), told["issuer"])
    days = acting.days_from(utc_now())
    words = phrases(
        language,
        company=brand.company_name,
        email=debt.voice.support_email,
        reason=reason,
        day=day,
        first=long_day(days.first, language),
        last=long_day(days.last, language),
    )
    if episode.state == "ended":
        paid = episode.outcome == "recovered"
        title, text = (words.paid_title, words.paid) if paid else (words.ended_title, words.ended)
        return said(brand, language, title, text)
    may_pay = acting.may_be_paid(episode) and not debt.is_being_paid
    has_failed = episode.subject_kind in ("invoice", "payment_intent")
    return page(
        "payer.html", brand, language, status=status,
        title=words.title, words=words, path=debt.path, contact=words.contact,
        help_note=words.help_note,
        amount=money(Money(episode.amount_minor, episode.currency), Locale.parse(language)),
        plan="", reason=_sentence(reason) if has_failed else "",
        may_pay=may_pay, wants_method=_wants_method(episode) and notice != "done_method",
        first_day=days.first.isoformat() if has_failed else "", last_day=days.last.isoformat(),
        notice=getattr(words, notice) if notice else "",
        problem=getattr(words, problem) if problem else "", opened=opened,
    )  # fmt: skip


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
