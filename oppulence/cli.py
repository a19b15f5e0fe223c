"""Which commands are there? The table of contents of `oppulence`.

Each command is a few lines: its options, and one call into the module that does the work, imported
only then, so that `--help` answers at once. Failures that the platform foresaw become two lines on
stderr and their own exit code.
"""

import atexit
import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Annotated, NoReturn

import typer

from core.errors import OppulenceError

app = typer.Typer(
    help="Oppulence: every provider's money in one ClickHouse, explained to the cent.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
workspaces = typer.Typer(help="Make workspaces.", no_args_is_help=True)
keys = typer.Typer(help="Make API keys.", no_args_is_help=True)
app.add_typer(workspaces, name="workspace")
app.add_typer(keys, name="key")
clients = typer.Typer(help="Make clients of the API.", no_args_is_help=True)
app.add_typer(clients, name="client")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Beside `oppulence up`: follow the run to its end.")
]
Workspace = Annotated[str, typer.Option("--workspace", help="The workspace's id (ws_…).")]
DEFAULT_WORKSPACE = "ws_default"
_LIMIT = "Its own limit; 0 for the usual; as it is by default."


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of failures.")] = False,
) -> None:
    """Take the options of every command."""
    if debug:
        sys.excepthook = sys.__excepthook__
    else:
        sys.excepthook = _unforeseen


@app.command()
def up() -> None:
    """Run everything until Ctrl-C: engines, API, Dagster, sandbox, worker."""
    from rich.console import Console

    from core.settings import load_settings
    from local.up import run_stack
    from oppulence.sandbox_applications import with_sandbox_applications

    run_stack(with_sandbox_applications(load_settings()), Console())


@app.command()
def demo(
    *,
    as_json: Json = False,
    scale: Annotated[
        int | None,
        typer.Option(
            min=1, help="Customers of the made-up company; 300 at first.", show_default=False
        ),
    ] = None,
) -> None:
    """Run the main job to its end on a made-up company: ingest, model, check, show."""
    from oppulence.demo_beginning import run

    run(as_json=as_json, scale=scale)


@app.command()
def connect(
    provider: Annotated[
        str,
        typer.Argument(
            help="stripe, plaid, gocardless, teller, enablebanking, quickbooks or xero."
        ),
    ],
    workspace: Workspace = DEFAULT_WORKSPACE,
    name: Annotated[str, typer.Option(help="What to call the connection.")] = "",
    api_url: Annotated[str, typer.Option(help="Another address of the provider's API.")] = "",
    choice: Annotated[
        list[str] | None,
        typer.Option(help="The provider's own option, name=value; may be repeated."),
    ] = None,
    redirect_url: Annotated[
        str,
        typer.Option(
            help="Where the provider sends the browser back, as registered with it; by default"
            " http://localhost:8914/callback, where this command listens."
        ),
    ] = "",
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read credentials as JSON from standard input.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Connect a provider's account: by its consent page, or by a key that is asked for."""
    from oppulence.connect import connect_provider

    connect_provider(
        provider,
        workspace,
        name=name,
        api_url=api_url,
        choices=choice or [],
        redirect_url=redirect_url,
        from_stdin=stdin,
        as_json=as_json,
    )


@app.command()
def sync(
    connection: Annotated[str, typer.Option(help="One connection (conn_…); all by default.")] = "",
    wait: Wait = True,
    as_json: Json = False,
) -> None:
    """Bring in what changed since the last time."""
    from oppulence.sync import sync_connections

    sync_connections(connection, wait=wait, as_json=as_json)


@app.command()
def backfill(
    since: Annotated[str, typer.Option(help="First day or moment, e.g. 2026-01-31.")],
    until: Annotated[str, typer.Option(help="Day or moment to stop before; now by default.")] = "",
    objects: Annotated[str, typer.Option(help="Objects, by comma; all by default.")] = "",
    connection: Annotated[str, typer.Option(help="One connection (conn_…); all by default.")] = "",
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Only what an audit of these days finds: fetch what is missing here, and mark as"
            " deleted what the provider has no more.",
        ),
    ] = False,
    wait: Wait = True,
    as_json: Json = False,
) -> None:
    """Bring in again what was created in a span of time."""
    from oppulence.sync import backfill_connections, repair_connections

    run = repair_connections if repair else backfill_connections
    run(since, until, objects, connection, wait=wait, as_json=as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """Show connections, their last sync, rows per object, freshness and running parts."""
    from oppulence.status import show_status

    show_status(as_json=as_json)


@app.command()
def doctor(
    new_key: Annotated[bool, typer.Option("--new-key", help="Print a new encryption key.")] = False,
    as_json: Json = False,
) -> None:
    """Check this machine and configuration; say what to do about each finding."""
    from oppulence.doctor import examine, print_new_key

    if new_key:
        print_new_key()
    elif not examine(as_json=as_json):
        raise typer.Exit(1)


@app.command()
def review(
    accept: Annotated[list[str] | None, typer.Option("--accept", help="A correction's id.")] = None,
    refuse: Annotated[list[str] | None, typer.Option("--refuse", help="A correction's id.")] = None,
    as_json: Json = False,
) -> None:
    """Show what users corrected; accept what models for all may learn."""
    from oppulence.review import review_feedback

    review_feedback(accept=accept or [], refuse=refuse or [], as_json=as_json)


@app.command()
def migrate(
    changed_only: Annotated[
        bool,
        typer.Option(
            "--changed-only", help="Leave dbt's models alone if they were built as they are now."
        ),
    ] = False,
    full_refresh: Annotated[
        bool,
        typer.Option(
            "--full-refresh",
            help="Build every model but the ledger's entries anew from the raw tables.",
        ),
    ] = False,
) -> None:
    """Bring the databases to the present schema: Postgres, ClickHouse, dbt's models."""
    from oppulence.migrate import migrate_everything

    migrate_everything(changed_only=changed_only, full_refresh=full_refresh)


@app.command()
def worker(
    check: Annotated[bool, typer.Option("--check", help="Only say whether one runs.")] = False,
) -> None:
    """Follow the providers' events until stopped."""
    from oppulence.worker import check_worker, run_worker

    if check:
        check_worker()
    else:
        run_worker()


@app.command()
def report(
    *,
    workspace: Workspace = DEFAULT_WORKSPACE,
    month: Annotated[
        str | None, typer.Option(help="As 2026-10; the last that is over by default.")
    ] = None,
    output: Annotated[str | None, typer.Option(help="The file to write.")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write a PDF beside it.")] = False,
    as_json: Json = False,
) -> None:
    """Write the company's month as one page: MRR, cohorts, cash, receivables, recovery."""
    from oppulence.report.command import write_report

    write_report(workspace, month, output, pdf=pdf, as_json=as_json)


@workspaces.command("create")
def create_workspace(
    workspace: Annotated[str, typer.Argument(help="Its id: ws_ and lower-case letters, digits.")],
    name: Annotated[str, typer.Option(help="Its name.")] = "",
    as_json: Json = False,
) -> None:
    """Make a workspace, if it is not there."""
    from oppulence.workspaces import create

    create(workspace, name, as_json=as_json)


@workspaces.command("member")
def add_member(
    workspace: Annotated[str, typer.Argument(help="Its id (ws_…).")],
    email: Annotated[str, typer.Argument(help="The address with which the person signs in.")],
    role: Annotated[str, typer.Option(help="owner, admin or member.")] = "member",
    as_json: Json = False,
) -> None:
    """Let a person into a workspace, or give them another role."""
    from oppulence.workspaces import add_member
    from serving.auth.permissions import Role

    if role not in set(Role):
        raise typer.BadParameter(f"{role!r} is none of {', '.join(Role)}.")
    add_member(workspace, email, Role(role), as_json=as_json)


@workspaces.command("limits")
def limit_workspace(
    workspace: Annotated[str, typer.Argument(help="Its id (ws_…).")],
    requests_per_minute: Annotated[int | None, typer.Option(min=0, help=_LIMIT)] = None,
    syncs_per_day: Annotated[int | None, typer.Option(min=0, help=_LIMIT)] = None,
    exports_per_day: Annotated[int | None, typer.Option(min=0, help=_LIMIT)] = None,
    as_json: Json = False,
) -> None:
    """Show how much a workspace may ask of the API, or set it; 0 for the usual."""
    from oppulence.limits import set_limits

    set_limits(
        workspace,
        requests_per_minute=requests_per_minute,
        syncs_per_day=syncs_per_day,
        exports_per_day=exports_per_day,
        as_json=as_json,
    )


@clients.command("generate")
def generate_client(
    folder: Annotated[str, typer.Argument(help="A new folder.")] = "oppulence-client",
) -> None:
    """Write a Python client of this version's API."""
    from oppulence.client import generate_client

    generate_client(folder)


@clients.command("requests")
def print_requests() -> None:
    """Print a request for every operation, as a .http file for editors."""
    from oppulence.client import print_requests

    print_requests()


@keys.command("create")
def create_key(
    workspace: Workspace = DEFAULT_WORKSPACE,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "command line",
    as_json: Json = False,
) -> None:
    """Make an API key of a workspace and show it, this once."""
    from oppulence.workspaces import create_key

    create_key(workspace, name, as_json=as_json)


def main() -> NoReturn:
    """Run the command line and exit."""
    # SIGTERM unwinds like Ctrl-C, so that engines started here stop in order.
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except SystemExit as end:
        if end.code:
            raise
        _leave()
    except OppulenceError as error:
        if sys.excepthook is not _unforeseen:
            raise
        from core.logs import redact

        sys.stderr.write(f"{error.title}: {redact(error.detail)}\n")
        if error.next_step:
            sys.stderr.write(f"Next step: {redact(error.next_step)}\n")
        sys.exit(error.exit_code)
    _leave()


def _leave() -> NoReturn:
    """End well, and at once: to take the modules of a command apart may take seconds."""
    atexit._run_exitfuncs()
    with suppress(BrokenPipeError):  # whoever reads has seen enough
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


def _unforeseen(kind: type[BaseException], error: BaseException, _trace: object) -> None:
    from core.logs import redact

    said = redact(str(error)).strip().splitlines()
    sys.stderr.write(f"Something went wrong: {kind.__name__}: {said[0] if said else ''}\n")
    sys.stderr.write("Next step: run it again as `oppulence --debug …` and report what it says.\n")
