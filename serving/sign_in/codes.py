"""How does a mailed code prove an address? Six digits, for ten minutes, five tries, one browser.

A code works only together with the cookie of the browser that asked for it, so an answer that is
guessed elsewhere is worth nothing. Five codes an hour and ten a day, of five tries each, leave
whoever guesses at one address 50 tries a day at a million codes. The hash is keyed: the table
alone reveals no code. Every address gets the same answers, known or not.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.database import Database
from core.mail import Mailer
from core.tenancy import new_id
from core.tokens import hash_token, new_token
from serving.rate_limits import RateLimitedError
from serving.sign_in.pending import OPEN, complete_pending, forget_expired, insert_pending

DIGITS = 6
TRIES = 5
CODES_AN_HOUR = 5
CODES_A_DAY = 10

_ASKED = """
select count(*) filter (where created_at > %(now)s - interval '1 hour') as in_hour,
    count(*) as in_day
from sign_ins where address = %(address)s and created_at > %(now)s - interval '1 day'
"""
# The try is counted before it is looked at: tries side by side cannot share one.
_TRY = """
update sign_ins set attempts = attempts + 1
where token_hash = %(token_hash)s and completed_at is null and expires_at > %(now)s
    and code_hash is not null and attempts < %(tries)s
returning id, address, code_hash, attempts
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a code that was entered.

    Attributes:
        address: The proven address; empty if the code was wrong.
        tries_left: How many tries the sign-in has left; 0 if a new one must be begun.
    """

    address: str
    tries_left: int


def send_code(
    database: Database, mailer: Mailer, address: str, *, secret: str, now: datetime
) -> str:
    """Mail a new code to an address; return the token for the browser's cookie.

    Raises:
        RateLimitedError: The address was sent too many lately.
        MailNotSentError: The relay did not take it.
    """
    forget_expired(database)
    token, sign_in_id = new_token(), new_id("sin")
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    with database.person(lookup=address) as rows:
        # One after the other per address, or requests side by side would not see each other's row.
        rows.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [address])
        asked = rows.execute(_ASKED, {"address": address, "now": now}).fetchone()
        assert asked is not None
        if asked["in_hour"] >= CODES_AN_HOUR:
            raise RateLimitedError(f"{CODES_AN_HOUR} codes an hour for one address", 3600)
        if asked["in_day"] >= CODES_A_DAY:
            raise RateLimitedError(f"{CODES_A_DAY} codes a day for one address", 86_400)
        insert_pending(
            rows,
            hash_token(token, secret),
            now=now,
            sign_in_id=sign_in_id,
            address=address,
            code_hash=_hash_code(sign_in_id, code, secret),
        )
    mailer.send(
        address,
        f"{code} is your Oppulence code",
        f"Your code is {code}\n\n"
        f"Enter it within {OPEN // timedelta(minutes=1)} minutes, in the browser that asked"
        " for it.\n"
        "If you did not ask for it, do nothing: without the code nobody gets in.\n",
    )
    return token


def try_code(database: Database, token: str, code: str, *, secret: str, now: datetime) -> Tried:
    """Check a code that was entered; a right one uses the sign-in up."""
    token_hash = hash_token(token, secret)
    with database.person(lookup=token_hash.hex()) as rows:
        values = {"token_hash": token_hash, "now": now, "tries": TRIES}
        row = rows.execute(_TRY, values).fetchone()
        if row is None:
            return Tried("", 0)
        expected = _hash_code(row["id"], code, secret)
        if not hmac.compare_digest(bytes(row["code_hash"]), expected):
            return Tried("", TRIES - row["attempts"])
        complete_pending(rows, token_hash, now=now)
        return Tried(row["address"], 0)


def _hash_code(sign_in_id: str, code: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), f"code|{sign_in_id}|{code}".encode(), hashlib.sha256)
