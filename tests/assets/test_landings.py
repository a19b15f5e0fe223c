"""What counts as landed, what fails, and what is said of it."""

from assets.landings import failure_of, landings, run_tags, summary
from core.connections import Connection
from core.tenancy import TenantId
from pipelines.reports import ConnectionOutcome, IngestReport


def connection(name: str) -> Connection:
    return Connection(
        TenantId("ws_test"), f"conn_{name}", "stripe", name, f"acct_{name}", "http://x", {}
    )


WHOLE = ConnectionOutcome(
    connection("whole"), rows={"charge": 7, "customer": 3}, skipped={"account": "not permitted"}
)
PARTLY = ConnectionOutcome(
    connection("partly"),
    status="degraded",
    rows={"charge": 2},
    failed={"charge": "a page was truncated"},
    complete=False,
)
REFUSED = ConnectionOutcome(
    connection("refused"),
    status="reconsent_required",
    reason="Invalid API Key provided: sk_test_abcdefgh",
    rows={"customer": 1},
    complete=False,
)
REPORT = IngestReport("stripe", (WHOLE, PARTLY, REFUSED))


def test_only_whole_objects_land_and_an_empty_list_is_whole():
    found = [
        (landing.object, landing.connection.id, landing.rows)
        for landing in landings(REPORT, ["customer", "charge", "account", "coupon"])
    ]
    assert found == [
        ("customer", "conn_whole", 3),
        ("customer", "conn_partly", 0),
        ("charge", "conn_whole", 7),
        ("account", "conn_partly", 0),
        ("coupon", "conn_whole", 0),
        ("coupon", "conn_partly", 0),
    ]


def test_the_failure_names_every_connection_and_no_secret():
    problem = failure_of(REPORT)
    assert problem is not None
    assert problem.allow_retries is False
    assert problem.metadata["failed_connections"].value == {
        "ws_test|conn_partly": "charge: a page was truncated",
        "ws_test|conn_refused": "Invalid API Key provided: [redacted]",
    }
    assert problem.description == (
        "2 of 3 connections did not land: ws_test|conn_partly: charge: a page was truncated;"
        " ws_test|conn_refused: Invalid API Key provided: [redacted]"
    )
    assert failure_of(IngestReport("stripe", (WHOLE,))) is None


def test_the_summary_is_a_line_per_connection():
    assert summary(IngestReport("stripe", (WHOLE, PARTLY))).splitlines()[2:] == [
        "| ws_test conn_whole | active | 10 | 2 |  |",
        "| ws_test conn_partly | degraded | 2 | 1 | charge: a page was truncated |",
    ]


def test_the_runs_figures():
    assert run_tags(REPORT, 2.0) == {
        "oppulence/connections": "3",
        "oppulence/connections_failed": "2",
        "oppulence/rows": "13",
        "oppulence/seconds": "2.0",
        "oppulence/rows_per_second": "6",
    }
