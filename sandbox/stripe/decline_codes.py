"""What does Stripe say when a payment is declined?

Error codes, messages, network answers and advice.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decline:
    """One way for an issuer to say no."""

    code: str
    message: str
    network_code: str | None
    advice: str | None

    @property
    def network_status(self) -> str:
        """Whether the network answered at all."""
        return "declined_by_network"


_DO_NOT = "do_not_try_again"
_LATER = "try_again_later"
_CONFIRM = "confirm_card_data"
DECLINES = {
    "insufficient_funds": Decline(
        "card_declined", "Your card has insufficient funds.", "51", _LATER
    ),
    "generic_decline": Decline("card_declined", "Your card was declined.", "05", _LATER),
    "do_not_honor": Decline("card_declined", "Your card was declined.", "05", _LATER),
    "expired_card": Decline("expired_card", "Your card has expired.", "54", _CONFIRM),
    "authentication_required": Decline(
        "authentication_required",
        "Your card was declined. This transaction requires authentication.",
        "65",
        None,
    ),
    "processing_error": Decline(
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
        "96",
        _LATER,
    ),
    "lost_card": Decline("card_declined", "Your card was declined.", "41", _DO_NOT),
    "stolen_card": Decline("card_declined", "Your card was declined.", "43", _DO_NOT),
    "pickup_card": Decline("card_declined", "Your card was declined.", "04", _DO_NOT),
    "transaction_not_allowed": Decline(
        "card_declined", "Your card does not support this type of purchase.", "57", _DO_NOT
    ),
    "card_velocity_exceeded": Decline(
        "card_declined",
        "Your card was declined for making repeated attempts too frequently or exceeding its "
        "amount limit.",
        "65",
        _LATER,
    ),
    "incorrect_cvc": Decline(
        "incorrect_cvc", "Your card's security code is incorrect.", "N7", _CONFIRM
    ),
    "incorrect_number": Decline(
        "incorrect_number", "Your card number is incorrect.", "14", _CONFIRM
    ),
    "fraudulent": Decline("card_declined", "Your card was declined.", "59", _DO_NOT),
    "card_not_supported": Decline("card_declined", "Your card is not supported.", "57", _DO_NOT),
    "debit_not_authorized": Decline(
        "debit_not_authorized",
        "The customer has notified their bank that this debit was unauthorized.",
        None,
        None,
    ),
}


def decline(code: str) -> Decline:
    """What is said for a decline code; unknown ones read as a generic decline."""
    return DECLINES.get(code, DECLINES["generic_decline"])
