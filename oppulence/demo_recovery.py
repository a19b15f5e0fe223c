"""How does the demo win failed payments back? Its company's failures again, forty days on a clock.

    copy of the Stripe account → its failures happen again → events → episodes → flows → tries, mail
                                 payers act as its truth says ↗    ↘ raw tables (`demo_landing`)

What moves episodes is the production code with another `now`; only the worker's loops are these. A
third of the soft declines is held out, so that the lift is known as far as so few can tell it. It
runs once: a later demo reads what is kept (`oppulence.demo_recovered`). One that was interrupted
left its account connected: the next forgets what it did, and does it anew.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from core.clock import utc_now
from core.connections import Connection, ConnectionStore
from core.database import Database, Rows
from core.erasure import erase_connection
from core.mail import Mail, Mailer
from core.recovery_signals import OBJECTS, Changed, note
from core.secrets import SecretBox
from core.settings import Settings
from core.tenancy import TenantId, new_id
from core.warehouse import Warehouse
from oppulence.demo_clock import Clock, company_on_a_clock
from oppulence.demo_landing import land
from oppulence.demo_recovered import ACCOUNT, EXPERIMENT, HELD_OUT, mail_folder
from oppulence.demo_sandbox import SANDBOX_KEY
from recovery.channels.folder import folder_senders
from recovery.channels.mail import MailSender
from recovery.flows.document import Flow, document_of
from recovery.flows.library import library
from recovery.flows.steps import Arm, End, Split
from recovery.messages.rendering import Brand
from recovery.payer.wording import Voice, keep_voice
from recovery.running import run_due
from recovery.store import settings as settings_store
from recovery.watching import Parts, parts_of, watch
from recovery.worker import act
from serving.connections.erasing import erase_from_postgres

DAYS = 40
FAILURES = 40
DAY = timedelta(days=1)
VOICE = Voice(Brand("Northwind Analytics"), "billing@northwind.example")
_FLOW = """
insert into recovery_flows (workspace_id, id, name, state, rank, draft, live_version, last_version,
    created_at, updated_at)
values (%(workspace)s, %(id)s, %(name)s, 'live', %(rank)s, %(document)s, 1, 1, %(now)s, %(now)s)
"""
_VERSION = """
insert into recovery_flow_versions
    (workspace_id, flow_id, version, document, published_at, published_by)
values (%(workspace)s, %(id)s, 1, %(document)s, %(now)s, 'the demo')
"""
_FORGET_FLOWS = """
delete from recovery_flows f using recovery_flow_versions v
where f.workspace_id = %s and v.workspace_id = f.workspace_id and v.flow_id = f.id
    and v.published_by = 'the demo'
"""
_NEXT = """
select min(due_at) as due from (
    select due_at from recovery_episodes where connection_id = %(connection)s
    union all
    select a.due_at from recovery_actions a
    join recovery_episodes e on e.workspace_id = a.workspace_id and e.id = a.episode_id
    where e.connection_id = %(connection)s and a.state in ('ready', 'started')
) as timers where due_at > %(now)s
"""


@dataclass(frozen=True, slots=True)
class _FolderMailer(Mailer):
    """Writes what a payer would see into a folder instead of handing it to a relay."""

    folder: Path

    def hand_over(self, mail: Mail, *, sender: str = "") -> None:
        """Write the message's page; its name tells the order."""
        number = sum(1 for _ in self.folder.iterdir()) + 1
        (self.folder / f"{number:03} {mail.recipient}.html").write_text(mail.html)


def recover(settings: Settings, tenant: TenantId, moment: int, most: int = FAILURES) -> None:
    """Live through forty days of recovery that end at a moment, unless it was done before.

    Args:
        settings: Complete, of a data folder that holds the sandbox's company.
        tenant: Whose episodes they are.
        moment: Epoch seconds: the company's present.
        most: How many failures happen again.
    """
    box = SecretBox.from_keys(settings.required("encryption_keys"))
    system = Database.connect(settings, role="system", size=2)
    application = Database.connect(settings, size=2)
    try:
        store = ConnectionStore(application, box)
        for known in store.of(tenant):
            if known.provider_account_id == ACCOUNT:
                if known.status == "revoked":  # its forty days are over
                    return
                _forget(settings, system, store, known)
        begins = datetime.fromtimestamp(moment, UTC) - (DAYS + 1) * DAY
        with company_on_a_clock(settings, begins) as clock:
            account = store.connect(
                tenant, provider="stripe", name="Northwind Analytics, on a test clock",
                provider_account_id=ACCOUNT, api_url=str(clock.stripe.base_url).rstrip("/"),
                credentials={"api_key": SANDBOX_KEY},
            )  # fmt: skip
            # It tells all that happens. Beside this, others check that no connection is stale.
            store.record_status(account, "active", synced_at=utc_now())
            parts = _parts(settings, system, application)
            with _recovering(store, account, clock):
                _live(parts, account, clock, most, begins + DAYS * DAY)
            parts.accounts.close()
            land(settings, account, clock)
            with application.tenant(tenant) as rows:
                store.revoke_within(rows, tenant, account.id, "The demo's test clock stands still.")
    finally:
        application.close()
        system.close()


def _forget(
    settings: Settings, system: Database, store: ConnectionStore, account: Connection
) -> None:
    """Remove what an interrupted demo left of the account, in every place that it was told to."""
    tenant = account.tenant
    warehouse = Warehouse.connect(settings, pool_size=1)
    try:
        erase_connection(warehouse, tenant, account.id)
    finally:
        warehouse.close()
    erase_from_postgres(system, tenant, account.id)
    with store.database.tenant(tenant) as rows:
        rows.execute(_FORGET_FLOWS, [str(tenant)])
        rows.execute("delete from connections where id = %s", [account.id])
    shutil.rmtree(mail_folder(settings), ignore_errors=True)


def flows() -> list[Flow]:
    """Return the library's flows for renewals, a third of the soft declines held out."""
    soft = library()["soft_decline"]
    draw = Split(
        experiment=EXPERIMENT,
        arms=(
            Arm(name="holdout", share=HELD_OUT, holdout=True, next="left_alone"),
            Arm(name="flow", share=100 - HELD_OUT, next=soft.start),
        ),
    )
    steps = {"draw": draw, **soft.steps, "left_alone": End(outcome="holdout")}
    split = soft.model_copy(update={"start": "draw", "steps": steps})
    return [split, library()["hard_decline"], library()["authentication"]]


def _parts(settings: Settings, system: Database, application: Database) -> Parts:
    folder = mail_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    mailer = _FolderMailer(settings.mail_from, None, folder)  # type: ignore[arg-type]
    senders = {**folder_senders(settings.data_dir), "email": MailSender(mailer)}
    return parts_of(settings, system, application, senders)


@contextmanager
def _recovering(store: ConnectionStore, account: Connection, clock: Clock) -> Iterator[None]:
    """Turn recovery on for the account; afterwards nothing of it moves any more."""
    terms = {"is_enabled": True, "owner": "oppulence", "timezone": "Europe/Berlin"}
    named = str(account.tenant), account.id
    with store.database.tenant(account.tenant) as rows:
        settings_store.put(rows, *named, terms, clock.now)
        keep_voice(rows, str(account.tenant), VOICE, clock.now)
        published = [
            _publish(rows, account.tenant, flow, rank, clock.now)
            for rank, flow in enumerate(flows(), start=1)
        ]
    yield
    with store.database.tenant(account.tenant) as rows:
        settings_store.put(rows, *named, {**terms, "is_enabled": False}, clock.now)
        rows.execute("update recovery_flows set state = 'paused' where id = any(%s)", [published])


def _publish(rows: Rows, tenant: TenantId, flow: Flow, rank: int, now: datetime) -> str:
    flow_id = new_id("flow")
    values = {
        "workspace": str(tenant), "id": flow_id, "name": flow.name, "rank": rank, "now": now,
        "document": Jsonb(document_of(flow)),
    }  # fmt: skip
    rows.execute(_FLOW, values)
    rows.execute(_VERSION, values)
    return flow_id


def _live(parts: Parts, account: Connection, clock: Clock, most: int, end: datetime) -> None:
    """Go from one moment at which something happens to the next, a day apart at most."""
    failed = clock.fail_again(most)
    acting = sorted(
        (datetime.fromtimestamp(one["payer_acts_at"], UTC), one["customer"], one["subscription"])
        for one in failed
        if one["payer_acts_at"] is not None
    )
    _settle_down(parts, account, clock)
    while clock.now < end:
        moments = [end, clock.now + DAY, *(when for when, *_ in acting[:1])]
        if due := _next_due(parts, account, clock.now):
            moments.append(due)
        clock.travel(max(min(moments), clock.now + timedelta(seconds=1)))
        while acting and acting[0][0] <= clock.now:
            clock.bring_card(*acting.pop(0)[1:])
        _settle_down(parts, account, clock)


def _settle_down(parts: Parts, account: Connection, clock: Clock) -> None:
    """Do everything that can be done now."""
    done = 1
    while done:
        heard = _hear(parts, account, clock.news(), clock.now)
        done = heard + watch(parts, clock.now)
        done += run_due(parts.database, parts.book, clock.now) + act(parts, clock.now)


def _hear(
    parts: Parts, account: Connection, objects: Sequence[dict[str, Any]], now: datetime
) -> int:
    """Note what changed, as the inbox does in the transaction that applies an event."""
    changed = [
        Changed(str(account.tenant), account.id, each["object"], each["id"],
                msgspec.json.encode(each))
        for each in objects
        if each["object"] in OBJECTS
    ]  # fmt: skip
    with parts.database.system() as rows:
        note(rows, changed, now)
    return len(changed)


def _next_due(parts: Parts, account: Connection, now: datetime) -> datetime | None:
    with parts.database.system() as rows:
        row = rows.execute(_NEXT, {"connection": account.id, "now": now}).fetchone()
    due: datetime | None = row["due"] if row else None
    return due
