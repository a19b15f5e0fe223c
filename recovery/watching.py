"""Who looks at what changed? One share of the signals per turn, several accounts side by side."""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

from core.connections import ConnectionStore
from core.database import Database
from core.errors import NotFoundError, OppulenceError
from core.logs import get_logger
from core.secrets import SecretBox
from core.settings import Settings
from recovery.accounts import Accounts, NotConnectedError
from recovery.channels.writing import Writer
from recovery.declines import Declines, load_declines
from recovery.detecting import look, subjects_of, vanish
from recovery.forecasting import Forecasters
from recovery.known.looking_up import WarehouseFacts
from recovery.senders import Senders
from recovery.store import signals
from recovery.store.flows import FlowBook
from recovery.stripe.cases import read_case

SHARE = 64

log = get_logger("recovery")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the loops share. `database` is of the system role: episodes are of every workspace."""

    database: Database
    accounts: Accounts
    declines: Declines
    writer: Writer
    senders: Senders
    book: FlowBook


def parts_of(
    settings: Settings,
    database: Database,
    application: Database,
    senders: Senders,
    forecasters: Forecasters | None = None,
) -> Parts:
    """Build the parts over open pools.

    Raises:
        ConfigurationError: A key or the taxonomy of declines is missing.
    """
    box = SecretBox.from_keys(settings.required("encryption_keys"))
    return Parts(
        database=database,
        accounts=Accounts(ConnectionStore(application, box)),
        declines=load_declines(settings.dbt_project_dir),
        writer=Writer(
            settings.public_address, settings.mail_from, settings.required("api_key_secret")
        ),
        senders=senders,
        book=FlowBook(forecasters, WarehouseFacts(settings)),
    )


def watch(parts: Parts, now: datetime, side_by_side: Executor | None = None) -> int:
    """Look at a share of what changed; return how many changes there were.

    Raises:
        EngineUnavailableError: Postgres does not answer.
    """
    with parts.database.system() as rows:
        taken = signals.lease(rows, now, SHARE)
    if side_by_side is None:
        for signal in taken:
            _look_at(parts, signal, now)
    else:
        list(side_by_side.map(lambda signal: _look_at(parts, signal, now), taken))
    return len(taken)


def look_at_subjects(
    parts: Parts,
    workspace_id: str,
    connection_id: str,
    subjects: Sequence[tuple[str, str]],
    now: datetime,
) -> None:
    """Read each payment from the provider, and open, move or end its episode.

    Raises:
        OppulenceError: The provider refuses or does not answer; those before were looked at.
    """
    for kind, subject_id in subjects:
        client = parts.accounts.client(workspace_id, connection_id)
        case = read_case(client, parts.declines, kind, subject_id, now)
        with parts.database.system() as rows:
            if case is None:
                vanish(rows, parts.book, workspace_id, connection_id, (kind, subject_id), now)
            else:
                look(rows, parts.book, workspace_id, connection_id, case, now)


def _look_at(parts: Parts, signal: signals.Signal, now: datetime) -> None:
    try:
        with parts.database.system() as rows:
            subjects = subjects_of(rows, signal)
        look_at_subjects(parts, signal.workspace_id, signal.connection_id, subjects, now)
    except (NotConnectedError, NotFoundError) as error:
        log.warning("signal dropped", object=signal.object, reason=error.detail)
    except OppulenceError as error:
        log.warning("signal waits", object=signal.object, code=error.code, reason=error.detail)
        with parts.database.system() as rows:
            signals.later(rows, signal, now)
        return
    with parts.database.system() as rows:
        signals.done(rows, signal)
