"""How does a mailed code prove an address? Six digits, for ten minutes, five tries, one browser.

A code works only together with the cookie of the browser that asked for it, so an answer that is
guessed elsewhere is worth nothing. Strangers get 40 codes a day to one address, of five tries each:
whoever guesses has 200 tries a day at a million codes; one network gets ten of them, and a browser
that has proven the address before ten of its own (`serving.sign_in.askers`). The hash is keyed: the
table alone reveals no code. Every address gets the same answers, known or not.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.database import Database, Rows
from core.mail import Mailer, MailNotSentError, MailUnansweredError
from core.tenancy import new_id
from core.tokens import hash_token, new_token
from serving.rate_limits import RateLimitedError
from serving.sign_in.askers import NETWORK
from serving.sign_in.pending import OPEN, complete_pending, forget_expired, insert_pending

DIGITS = 6
TRIES = 5
CODES_AN_HOUR, CODES_A_DAY = 5, 10  # to one address, for one who asks
STRANGERS_AN_HOUR, STRANGERS_A_DAY = 20, 40  # to one address, for all whom it does not know

_ASKED = """
select
    count(*) filter (where is_theirs and is_lately) as own_hour,
    count(*) filter (where is_theirs) as own_day,
    count(*) filter (where is_strangers and is_lately) as strangers_hour,
    count(*) filter (where is_strangers) as strangers_day
from (
    select asked_by = %(asked_by)s as is_theirs, starts_with(asked_by, %(network)s) as is_strangers,
        created_at > %(now)s - interval '1 hour' as is_lately
    from sign_ins where address = %(address)s and created_at > %(now)s - interval '1 day'
) as asked
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
    database: Database, mailer: Mailer, address: str, *, asked_by: str, secret: str, now: datetime
) -> str:
    """Mail a new code to an address; return the token for the browser's cookie.

    Args:
        database: Postgres.
        mailer: The relay.
        address: Whom.
        asked_by: By whom (`serving.sign_in.askers`).
        secret: What keys the hashes.
        now: The moment.

    Raises:
        RateLimitedError: The address was sent too many lately.
        MailNotSentError: The relay did not take it; it does not count.
        MailUnansweredError: Nobody knows whether it did; it counts.
    """
    forget_expired(database)
    token, sign_in_id = new_token(), new_id("sin")
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    with database.person(lookup=address) as rows:
        # One after the other per address, or requests side by side would not see each other's row.
        rows.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [address])
        _refuse_too_many(rows, address, asked_by, now)
        insert_pending(
            rows,
            hash_token(token, secret),
            now=now,
            sign_in_id=sign_in_id,
            address=address,
            asked_by=asked_by,
            code_hash=_hash_code(sign_in_id, code, secret),
        )
    try:
        mailer.send(
            address,
            f"{code} is your Oppulence code",
            f"Your code is {code}\n\n"
            f"Enter it within {OPEN // timedelta(minutes=1)} minutes, in the browser that asked"
            " for it.\n"
            "If you did not ask for it, do nothing: without the code nobody gets in.\n",
        )
    except MailUnansweredError:
        raise
    except MailNotSentError:
        with database.person(lookup=address) as rows:
            rows.execute("delete from sign_ins where id = %s", [sign_in_id])
        raise
    return token


def _refuse_too_many(rows: Rows, address: str, asked_by: str, now: datetime) -> None:
    values = {"address": address, "asked_by": asked_by, "network": NETWORK, "now": now}
    asked = rows.execute(_ASKED, values).fetchone()
    assert asked is not None
    limits = [("own", CODES_AN_HOUR, CODES_A_DAY, "one who asks")]
    if asked_by.startswith(NETWORK):
        limits.append(("strangers", STRANGERS_AN_HOUR, STRANGERS_A_DAY, "all strangers"))
    for whose, an_hour, a_day, who in limits:
        if asked[f"{whose}_hour"] >= an_hour:
            raise RateLimitedError(f"{an_hour} codes an hour to one address for {who}", 3600)
        if asked[f"{whose}_day"] >= a_day:
            raise RateLimitedError(f"{a_day} codes a day to one address for {who}", 86_400)


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
