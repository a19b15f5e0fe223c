"""Who speaks to payers, in which voice and colours? The brand, with the email that it makes."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response
from pydantic import ValidationError

from core.errors import InvalidInputError
from recovery.messages.templates import Purpose, Tone
from serving.auth.scope import TenantScope
from serving.recovery import brand_actions as actions
from serving.recovery.brand_schemas import Look
from serving.recovery.template_schemas import Language
from serving.recovery_pages.framed import MAY_FRAME, framed
from serving.recovery_pages.shell import PREFIX, base_of, shell
from serving.recovery_pages.templates import LANGUAGES
from serving.web.pages import PageRoute, go
from serving.web.visits import AnyVisit, RecoveryAct, RecoveryLook, Visit

router = APIRouter(include_in_schema=False, route_class=PageRoute, prefix=f"{PREFIX}/brand")

VOICES = {
    Tone.FRIENDLY: "Warm and short; one exclamation mark at most.",
    Tone.NEUTRAL: "Plain: what happened, what to do.",
    Tone.FIRM: "Says what ends, and on which day.",
    Tone.FORMAL: "A letter: full sentences, no exclamation mark.",
}
_WRONG = {
    "company_name": "The company's name is one line of at most 100 characters.",
    "sender_name": "The sender is one line of at most 100 characters.",
    "support_email": "Payers ask at an email address.",
    "colour": "A colour is written #rrggbb.",
    "logo_url": "A logo is at an https address of at most 510 characters.",
    "postal_address": "The address has at most 300 characters.",
}


@dataclass(frozen=True, slots=True)
class Given:
    """What the form holds, as it was typed."""

    company_name: Annotated[str, Form(max_length=1000)] = ""
    sender_name: Annotated[str, Form(max_length=1000)] = ""
    support_email: Annotated[str, Form(max_length=1000)] = ""
    colour: Annotated[str, Form(max_length=100)] = ""
    logo_url: Annotated[str, Form(max_length=2000)] = ""
    postal_address: Annotated[str, Form(max_length=2000)] = ""
    voice: Annotated[Tone, Form()] = Tone.NEUTRAL

    def look(self) -> Look:
        """Return the brand.

        Raises:
            ValidationError: A field is not what it should be.
        """
        # Browsers send line ends as CRLF.
        fields = {name: getattr(self, name) for name in self.__slots__}
        address = self.postal_address.replace("\r\n", "\n").strip()
        return Look(**{**fields, "colour": self.colour.lower(), "postal_address": address})


@router.get("")
def get_brand(
    visit: AnyVisit, scope: RecoveryLook, done: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """Show the brand."""
    with scope.transaction() as rows:
        look = actions.look(rows, scope)
    return _show(
        visit, scope, look, notice="Saved: the next message looks like this." if done else ""
    )


@router.post("")
def post_brand(visit: AnyVisit, scope: RecoveryAct, given: Annotated[Given, Depends()]) -> Response:
    """Keep it; what is wrong is told at the form."""
    try:
        look = given.look()
    except ValidationError as error:
        return _show(visit, scope, given, problem=_told(error), status=422)
    with scope.transaction() as rows:
        actions.change_look(rows, scope, look)
    return go(f"{base_of(scope)}/brand?done=saved")


@router.post("/preview")
def post_preview(
    scope: RecoveryLook,
    given: Annotated[Given, Depends()],
    purpose: Annotated[Purpose, Form()] = Purpose.PAYMENT_FAILED,
    language: Annotated[Language, Form()] = "en",
) -> Response:
    """Show an email as the form would have it, as the document of a frame."""
    try:
        look = given.look()
    except ValidationError as error:
        raise InvalidInputError(_told(error)) from None
    with scope.transaction() as rows:
        message = actions.tried(rows, scope, look, purpose, language)
    return framed(message.html, look.logo_url)


def _show(
    visit: Visit, scope: TenantScope, look: Look | Given, *, notice: str = "", problem: str = "",
    status: int = 200,
) -> Response:  # fmt: skip
    response = shell(
        visit, scope, "brand", "recovery/brand.html", status=status, look=look, voices=VOICES,
        purposes=list(Purpose), languages=LANGUAGES, notice=notice, problem=problem,
    )  # fmt: skip
    response.headers["Content-Security-Policy"] += MAY_FRAME
    return response


def _told(error: ValidationError) -> str:
    names = {str(found["loc"][0]) for found in error.errors()}
    return " ".join(text for name, text in _WRONG.items() if name in names)
