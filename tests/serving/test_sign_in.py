"""Does a mailed code sign in its addressee, and nobody else, however they try?"""

import re

import psycopg
import pytest
from pydantic import SecretStr

from core.clock import utc_now
from core.mail import Mailer, MailNotSentError
from core.settings import Settings
from serving.rate_limits import RateLimitedError
from serving.sign_in.askers import BROWSER, NETWORK, asker_of, known_browser
from serving.sign_in.codes import CODES_AN_HOUR, STRANGERS_AN_HOUR, TRIES, send_code
from tests.mailbox import Mailbox
from tests.serving.visitor import Visitor, new_address

LOCAL = re.compile(r"[a-z]+-[0-9a-f]{10}")


@pytest.fixture
def visit(api_url, mailbox, warehouse):
    """Make visitors, each with cookies and a network address of their own."""
    made = []

    def make() -> Visitor:
        made.append(Visitor(api_url, mailbox))
        return made[-1]

    yield make
    for visitor in made:
        visitor.close()


def rows_of(engines: Settings, query: str, *values: object) -> list[tuple]:
    """Ask as the superuser, whom no policy binds."""
    with psycopg.connect(engines.required("database_owner_url")) as connection:
        return connection.execute(query, values).fetchall()


def test_a_new_person_signs_in_and_owns_a_workspace(visit, engines):
    ada, email = visit(), new_address()
    arrived = ada.sign_in(email.upper())
    assert str(arrived.url).endswith("/workspaces")
    assert email in arrived.text
    workspace = ada.own_workspace()
    who = ada.api("GET", "/v1/whoami", workspace).json()
    member_id = who.pop("member_id")
    assert member_id.startswith("mem_")
    assert {name: who[name] for name in ("kind", "email", "role", "key_id", "environment")} == {
        "kind": "member", "email": email, "role": "owner", "key_id": None, "environment": None,
    }  # fmt: skip
    named = ada.api("GET", f"/v1/workspaces/{workspace}", workspace).json()["name"]
    assert named == f"{email.split('@')[0]}'s workspace"
    log = ada.api("GET", "/v1/audit_log", workspace).json()["data"]
    assert [(entry["action"], entry["target"], entry["actor"]) for entry in log] == [
        (action, target, {"kind": "member", "id": member_id, "name": email})
        for action, target in (("session.started", member_id), ("workspace.created", workspace))
    ]


def test_the_second_sign_in_finds_the_same_account(visit):
    email = new_address()
    first, second = visit(), visit()
    first.sign_in(email)
    second.sign_in(email)
    assert first.own_workspace() == second.own_workspace()


def test_a_signed_in_owner_makes_a_key_that_works(visit):
    ada = visit()
    ada.sign_in(new_address())
    workspace = ada.own_workspace()
    body = {"name": "mine", "preset": "read_only"}
    made = ada.api("POST", "/v1/api_keys", workspace, json=body)
    assert made.status_code == 201
    headers = {"Authorization": f"Bearer {made.json()['key']}", "X-Workspace-Id": workspace}
    assert visit().http.get("/v1/transactions", headers=headers).status_code == 200


def test_known_and_unknown_addresses_get_the_same_answers(visit, mailbox):
    known = new_address()
    visit().sign_in(known)
    answers = [visit().ask_for_code(email) for email in (known, new_address())]
    texts = {re.sub(r"[0-9a-f]{64}", "", LOCAL.sub("somebody", answer.text)) for answer in answers}
    assert len(texts) == 1
    assert {answer.status_code for answer in answers} == {200}


def test_five_wrong_codes_end_a_sign_in_even_for_the_right_one(visit):
    ada, email = visit(), new_address()
    page = ada.ask_for_code(email)
    right = ada.code_for(email)
    wrong = f"{(int(right) + 1) % 10**6:06}"
    for left in range(TRIES - 1, 0, -1):
        page = ada.submit(page, "/sign_in/code", code=wrong)
        assert page.status_code == 422
        assert f"That is not the code. {left} tr" in page.text
    ended = ada.submit(page, "/sign_in/code", code=wrong)
    assert "expired or was tried too often" in ended.text
    late = ada.submit(ended, "/sign_in/code", code=right)
    assert "expired or was tried too often" in late.text
    assert ada.cookie("session") == ""


def test_a_code_works_once(visit):
    ada, email = visit(), new_address()
    page = ada.ask_for_code(email)
    pending, right = ada.cookie("sign_in"), ada.code_for(email)
    ada.submit(page, "/sign_in/code", code=right)
    ada.http.cookies.clear()
    again = ada.open("/sign_in")
    ada.http.cookies.set("oppulence_sign_in", pending)
    refused = ada.submit(again, "/sign_in/code", code=right)
    assert refused.status_code == 422
    assert ada.cookie("session") == ""


def test_a_code_works_in_the_browser_alone_that_asked_for_it(visit):
    ada, eve, email = visit(), visit(), new_address()
    ada.ask_for_code(email)
    own = eve.ask_for_code(new_address("eve"))
    refused = eve.submit(own, "/sign_in/code", code=ada.code_for(email))
    assert refused.status_code == 422
    assert eve.cookie("session") == ""


def test_an_expired_code_is_refused(visit, engines):
    ada, email = visit(), new_address()
    page = ada.ask_for_code(email)
    with psycopg.connect(engines.required("database_owner_url")) as connection:
        connection.execute(
            "update sign_ins set expires_at = now() - interval '1 second' where address = %s",
            [email],
        )
    refused = ada.submit(page, "/sign_in/code", code=ada.code_for(email))
    assert refused.status_code == 422
    assert ada.cookie("session") == ""


def test_one_network_gets_an_address_so_many_codes_an_hour(visit, mailbox):
    email, eve = new_address(), visit()
    for _ in range(CODES_AN_HOUR):
        assert eve.ask_for_code(email).status_code == 200
    refused = eve.ask_for_code(email)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "3600"
    assert len(mailbox.messages(email)) == CODES_AN_HOUR
    assert visit().ask_for_code(email).status_code == 200


def test_strangers_use_up_what_is_theirs_and_not_what_a_known_browser_has(visit, mailbox):
    email, ada = new_address(), visit()
    ada.sign_in(email)
    strangers = [visit() for _ in range(STRANGERS_AN_HOUR)]
    statuses = [stranger.ask_for_code(email).status_code for stranger in strangers]
    # Ada's own first code was a stranger's too.
    assert statuses == [200] * (STRANGERS_AN_HOUR - 1) + [429]
    ada.submit(ada.open("/workspaces"), "/sign_out")
    for _ in range(CODES_AN_HOUR):
        assert ada.sign_in(email).status_code == 200
        ada.submit(ada.open("/workspaces"), "/sign_out")


def test_a_known_browser_is_known_for_its_own_address_alone(visit):
    email, ada = new_address(), visit()
    ada.sign_in(email)
    secret, cookie = "secret", known_browser("ada@example.com", "secret")
    token = cookie.partition(".")[0]
    known = asker_of("ada@example.com", cookie, "192.0.2.1", secret)
    assert known.startswith(BROWSER)
    assert known == asker_of("ada@example.com", cookie, "192.0.2.9", secret)
    stranger = asker_of("eve@example.com", "", "192.0.2.1", secret)
    assert stranger.startswith(NETWORK)
    assert {
        asker_of("eve@example.com", cookie, "192.0.2.1", secret),
        asker_of("ada@example.com", f"{token}.", "192.0.2.1", secret),
        asker_of("ada@example.com", f"{token}.é", "192.0.2.1", secret),
        asker_of("ada@example.com", cookie, "192.0.2.1", "another secret"),
    } == {stranger, asker_of("", "", "192.0.2.1", "another secret")}
    one, same, other = (
        asker_of("", "", host, secret)
        for host in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1")
    )
    assert (one == same, one == other) == (True, False)


def test_a_code_that_was_not_mailed_does_not_count(database, mailbox, engines):
    email, now = new_address(), utc_now()
    dead = Mailer.connect(engines.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:1")}))

    def ask(mailer):
        return send_code(
            database, mailer, email, asked_by=f"{NETWORK}x", secret="secret", now=now
        )  # fmt: skip

    for _ in range(CODES_AN_HOUR):
        with pytest.raises(MailNotSentError):
            ask(dead)
    for _ in range(CODES_AN_HOUR):
        ask(Mailer.connect(engines))
    with pytest.raises(RateLimitedError):
        ask(dead)
    assert len(mailbox.messages(email)) == CODES_AN_HOUR


def test_a_network_address_starts_so_many_sign_ins_a_minute(visit, mailbox):
    ada = visit()
    statuses = [ada.ask_for_code(new_address()).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


@pytest.mark.parametrize(
    "email", ["", "ada", "ada@", "a@b@c", "ada@exa mple.com", "ada@example.com\r\nBcc: x@y.z",
              "ada@exämple.com", "\x00@x.y", "a" * 250 + "@x.yz"],
)  # fmt: skip
def test_what_is_no_address_is_told_so(visit, mailbox, email):
    answer = visit().ask_for_code(email)
    assert answer.status_code == 422
    assert "Enter an email address" in answer.text


def test_the_message_is_plain_text_to_one_address_alone(visit, mailbox: Mailbox):
    email = new_address()
    visit().ask_for_code(email)
    (message,) = mailbox.messages(email)
    code = re.search(r"\d{6}", mailbox.newest(email))
    assert code is not None
    assert message["Subject"] == f"{code[0]} is your Oppulence code"
    assert message["From"] == "Oppulence <oppulence@localhost>"
    assert (message["Cc"], message["Bcc"], message.is_multipart()) == (None, None, False)
    assert f"to {email}: {code[0]} is your Oppulence code" in mailbox.said


def test_nothing_that_opens_anything_lies_in_the_database(visit, engines):
    ada, email = visit(), new_address()
    page = ada.ask_for_code(email)
    code, pending = ada.code_for(email), ada.cookie("sign_in")
    ada.submit(page, "/sign_in/code", code=code)
    session = ada.cookie("session")
    assert session
    text = "".join(
        row[0]
        for table in ("users", "sessions", "sign_ins")
        for row in rows_of(engines, f"select row_to_json({table})::text from {table}")
    )
    assert email in text
    for secret in (code, pending, session):
        assert secret not in text
        assert secret.encode().hex() not in text


def test_a_relay_that_is_down_is_a_page_that_says_so(serve, engines, mailbox):
    from pydantic import SecretStr

    url = serve(engines.model_copy(update={"smtp_url": SecretStr("smtp://127.0.0.1:1")}))
    visitor = Visitor(url, mailbox)
    answer = visitor.ask_for_code(new_address())
    visitor.close()
    assert answer.status_code == 502
    assert "The mail could not be sent" in answer.text
    assert answer.headers["Content-Type"].startswith("text/html")
