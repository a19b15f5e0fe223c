"""Which pages sign people in and out? By mailed code, or, where one is configured, by an issuer."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response
from pydantic import TypeAdapter, ValidationError

from core.clock import utc_now
from core.mail import Mailer
from serving.auth.cookies import set_cookie
from serving.auth.session_store import end_all_sessions, end_session
from serving.invitations.links import held_invitation
from serving.members.schemas import Email
from serving.sign_in.askers import KNOWN, asker_of, known_browser
from serving.sign_in.codes import send_code, try_code
from serving.sign_in.consent import begin_consent, finish_consent
from serving.sign_in.issuer import Issuer, SignInRefusedError
from serving.sign_in.pending import OPEN, find_pending
from serving.sign_in.people import Proof, note_everywhere, sign_in
from serving.web.pages import PageRoute, go, page
from serving.web.visits import AnyVisit, SignedIn, Visit, dismiss, greet

router = APIRouter(include_in_schema=False, route_class=PageRoute)

# What one address on the network may do: name, requests, seconds.
STARTS = (("sign-in", 10, 60), ("sign-in-hour", 60, 3600))
TRIES = (("sign-in-tries", 30, 60),)
_EMAIL = TypeAdapter(Email)
_COOKIE_SECONDS = int(OPEN.total_seconds())


@router.get("/sign_in")
def get_sign_in(visit: AnyVisit, signed_out: bool = False) -> Response:
    """Ask for an address, or offer the issuer."""
    if visit.session is not None:
        return go("/workspaces")
    return _start_page(visit, notice="You are signed out." if signed_out else "")


@router.post("/sign_in")
def post_sign_in(visit: AnyVisit, email: Annotated[str, Form()] = "") -> Response:
    """Mail a code; the answer is the same whether or not somebody has the address."""
    _refuse_codes_beside_issuer(visit)
    visit.limit(*STARTS)
    try:
        address = _EMAIL.validate_python(email)
    except ValidationError:
        error = "Enter an email address, such as ada@example.com."
        return _start_page(visit, email=email[:254], error=error, status=422)
    mailer = Mailer.connect(visit.settings)
    asked_by = asker_of(address, visit.cookie("known"), visit.host, visit.secret)
    token = send_code(
        visit.database, mailer, address, asked_by=asked_by, secret=visit.secret, now=utc_now()
    )
    response = go("/sign_in/code")
    set_cookie(response, visit.settings, "sign_in", token, seconds=_COOKIE_SECONDS)
    return response


@router.get("/sign_in/code")
def get_code(visit: AnyVisit) -> Response:
    """Ask for the code that was mailed."""
    if visit.session is not None:
        return go("/workspaces")
    pending = find_pending(
        visit.database, visit.cookie("sign_in"), secret=visit.secret, now=utc_now()
    )
    if pending is None or not pending.address:
        return go("/sign_in")
    return page(visit, "code.html", address=pending.address, error="")


@router.post("/sign_in/code")
def post_code(visit: AnyVisit, code: Annotated[str, Form()] = "") -> Response:
    """Sign in whoever has the code."""
    _refuse_codes_beside_issuer(visit)
    visit.limit(*TRIES)
    now, token = utc_now(), visit.cookie("sign_in")
    pending = find_pending(visit.database, token, secret=visit.secret, now=now)
    entered = "".join(character for character in code if character.isdigit())
    tried = try_code(visit.database, token, entered, secret=visit.secret, now=now)
    if tried.address:
        response = _welcome(visit, Proof(tried.address, "code"))
        known = known_browser(tried.address, visit.secret)
        set_cookie(response, visit.settings, "known", known, seconds=int(KNOWN.total_seconds()))
        return response
    if pending is None or not tried.tries_left:
        error = "That code has expired or was tried too often. Ask for another."
        return _start_page(visit, error=error, status=422)
    left = "1 try" if tried.tries_left == 1 else f"{tried.tries_left} tries"
    error = f"That is not the code. {left} left."
    return page(visit, "code.html", status=422, address=pending.address, error=error)


@router.get("/sign_in/oidc")
def get_consent(visit: AnyVisit) -> Response:
    """Send the browser to the issuer."""
    visit.limit(*STARTS)
    url, token = begin_consent(visit.engines, _issuer(visit), now=utc_now())
    response = go(url)
    set_cookie(response, visit.settings, "sign_in", token, seconds=_COOKIE_SECONDS)
    return response


@router.get("/sign_in/callback")
def get_callback(
    visit: AnyVisit,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    iss: Annotated[str, Query(max_length=1000)] = "",
    error: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Take the issuer's answer and sign in whom it proves."""
    visit.limit(*TRIES)
    proof = finish_consent(
        visit.engines, _issuer(visit), cookie=visit.cookie("sign_in"), state=state, code=code,
        iss=iss, error=error, now=utc_now(),
    )  # fmt: skip
    return _welcome(visit, proof)


@router.post("/sign_out")
def post_sign_out(visit: AnyVisit) -> Response:
    """End this browser's session."""
    with visit.database.person() as rows:
        user_id = end_session(rows, visit.token, secret=visit.secret, now=utc_now())
        if user_id is not None:
            note_everywhere(rows, user_id, "session.ended", visit.exchange.request_id)
    return _farewell(visit)


@router.post("/sign_out/everywhere")
def post_sign_out_everywhere(visit: AnyVisit, session: SignedIn) -> Response:
    """End every session of the person, on every device."""
    with visit.database.person(user_id=session.user_id) as rows:
        ended = end_all_sessions(rows, session.user_id, now=utc_now())
        request_id = visit.exchange.request_id
        note_everywhere(rows, session.user_id, "session.ended_everywhere", request_id, ended=ended)
    return _farewell(visit)


def _welcome(visit: Visit, proof: Proof) -> Response:
    invited = held_invitation(visit) is not None
    signed_in = sign_in(
        visit.database, proof, is_invited=invited, earlier_token=visit.token,
        request_id=visit.exchange.request_id, secret=visit.secret, now=utc_now(),
    )  # fmt: skip
    visit.exchange.facts["user_id"] = signed_in.user_id
    response = go("/invitation" if invited else "/workspaces")
    greet(response, visit, signed_in.token)
    return response


def _farewell(visit: Visit) -> Response:
    response = go("/sign_in?signed_out=true")
    dismiss(response, visit)
    return response


def _start_page(
    visit: Visit, *, email: str = "", error: str = "", notice: str = "", status: int = 200
) -> Response:
    has_issuer = visit.settings.oidc_issuer != ""
    return page(
        visit, "sign_in.html", status=status, email=email, error=error, notice=notice,
        has_issuer=has_issuer,
    )  # fmt: skip


def _issuer(visit: Visit) -> Issuer:
    issuer: Issuer | None = visit.request.state.issuer
    if issuer is None:
        raise SignInRefusedError("This installation has no sign-in service; it mails codes.")
    return issuer


def _refuse_codes_beside_issuer(visit: Visit) -> None:
    # A mailed code would go round whatever the issuer asks for, such as a second factor.
    if visit.settings.oidc_issuer:
        raise SignInRefusedError("This installation signs people in by single sign-on alone.")
