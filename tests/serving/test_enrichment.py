"""Enrichment over HTTP: by ids and raw rows, corrected at once, and never another's word."""

from datetime import date

import httpx
import pytest

from assets.enrichment_training import train_due
from core.clock import utc_now
from core.database import Database
from core.objects import connect_objects
from core.tenancy import new_id
from ml.registry import FACETS, SCORERS, trainings
from oppulence.review import review

ROWS = "/v1/enrichment"
COFFEE = {"description": "SQ *BLUE BOTTLE 8442", "amount_minor": -475, "currency": "USD",
          "booked_on": "2024-05-01"}  # fmt: skip


def post(workspace, path: str, key: str | None = None, **body) -> httpx.Response:
    return workspace.api.post(path, json=body, headers=workspace.headers(key))


def bank(workspace, *lines: tuple[str, str]) -> None:
    workspace.holds(
        *(
            {"id": name, "provider": "plaid", "description": text, "type": "card_payment",
             "amount_minor": -475, "booked_on": date(2024, 5, 1)}
            for name, text in lines
        )
    )  # fmt: skip


def store(workspace, transaction: str, facet: str, value: str, like_key: str = "") -> None:
    """Put a finding where Dagster's scoring puts it."""
    row = {"workspace_id": str(workspace.tenant), "connection_id": "conn_test",
           "transaction_id": transaction, "facet": facet, "value": value, "confidence": 0.9,
           "evidence": "why", "model_version": "m-1", "abstained": False, "like_key": like_key,
           "version": 1}  # fmt: skip
    workspace.warehouse.insert_rows("unified.enrichments", [list(row.values())], list(row))


def merchants(answer: httpx.Response) -> list[str | None]:
    assert answer.status_code == 200, answer.text
    return [row["enrichment"].get("merchant", {}).get("value") for row in answer.json()["data"]]


def test_raw_rows_are_answered_in_order_and_nothing_is_kept(workspace):
    rows = [COFFEE | {"id": "mine"}, COFFEE | {"description": "SHELL 12345 AUSTIN TX"}]
    answer = post(workspace, ROWS, rows=rows, facets=["merchant"])
    assert merchants(answer)[0] == "Blue Bottle"
    first = answer.json()["data"][0]
    assert (first["id"], first["connection_id"]) == ("mine", None)
    assert list(first["enrichment"]) == ["merchant"]
    assert first["enrichment"]["merchant"]["model_version"]
    assert workspace.get("/v1/transactions").json()["data"] == []


def test_ids_are_answered_from_the_workspaces_own_rows(workspace, new_workspace):
    bank(workspace, ("a", "SQ *BLUE BOTTLE 8442"), ("b", "GITHUB 77"))
    store(workspace, "a", "recurring", "monthly")
    answer = post(workspace, ROWS, ids=["a", "b"])
    assert merchants(answer) == ["Blue Bottle", "GitHub"]
    recurring = [row["enrichment"].get("recurring") for row in answer.json()["data"]]
    assert [found and found["value"] for found in recurring] == ["monthly", None]

    foreign = post(new_workspace(), ROWS, ids=["a"])
    assert (foreign.status_code, foreign.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", [facet.name for facet in FACETS])
def test_every_facet_has_its_own_address(workspace, name: str):
    answer = post(workspace, f"{ROWS}/{name}", rows=[COFFEE])
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["data"][0]["enrichment"]) <= {name}


def test_raw_rows_of_two_accounts_pair_into_a_transfer(workspace):
    out = COFFEE | {"id": "o", "account_id": "bank", "description": "CARD AUTOPAY",
                    "account_type": "depository"}  # fmt: skip
    into = out | {"id": "i", "account_id": "card", "account_type": "credit", "amount_minor": 475,
                  "description": "PAYMENT - THANK YOU"}  # fmt: skip
    answer = post(workspace, f"{ROWS}/transfer", rows=[out, into, COFFEE])
    found = [row["enrichment"].get("transfer", {}) for row in answer.json()["data"]]
    assert [one.get("value") for one in found] == ["card_payment:i", "card_payment:o", None]
    assert found[0]["evidence"] == (
        "4.75 USD left account bank on 2024-05-01, 4.75 USD entered account card on 2024-05-01;"
        " both say that what is owed is paid off."
    )


def test_an_unknown_facet_xero_and_too_many_rows_are_refused(workspace):
    assert post(workspace, f"{ROWS}/horoscope", rows=[COFFEE]).status_code == 404
    assert post(workspace, ROWS, rows=[COFFEE], facets=["horoscope"]).status_code == 422
    refused = post(workspace, ROWS, rows=[COFFEE | {"provider": "xero"}])
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert post(workspace, ROWS, rows=[COFFEE] * 1_001).status_code == 422
    assert post(workspace, ROWS).status_code == 422
    assert post(workspace, ROWS, rows=[COFFEE], ids=["a"]).status_code == 422


ODD = (
    "", "   ", "*", "SQ *", "💸 ☕", "ООО «Ромашка» 支付宝", "مقهى 12345", "İ ß ﬁ a\u0301",
    "." * 500, "1 " * 250, "%s {n} ${1}\\1 (((((", "' or 1=1 --", "ZELLE ADA SMITH",
    "XFER TO SAVINGS", "FX FEE EUR 0,75", "EREF+1 ABWA+STRIPE PAYMENTS EUROPE LTD",
)  # fmt: skip


def test_whatever_a_row_says_is_answered(workspace):
    """Odd texts, the first and the last day there is, the largest amounts; alone and together."""
    days = [None, "0001-01-01", "1900-02-28", "2024-02-29", "9999-12-31"]
    amounts = [0, 1, -1, 2**53 - 1, 1 - 2**53]
    rows = [
        {"description": text, "amount_minor": amounts[(place + day) % 5], "booked_on": days[day],
         "currency": ("USD", "JPY", "KWD", "XXX")[place % 4], "account_id": "ab"[day % 2],
         "type": "transfer" if day else None, "counterparty": "Ada Smith" if day > 2 else None}
        for place, text in enumerate(ODD)
        for day in range(5)
    ]  # fmt: skip
    together = post(workspace, ROWS, rows=rows)
    assert len(merchants(together)) == len(rows)
    for row in rows[::9]:
        assert post(workspace, ROWS, rows=[row]).status_code == 200
    for amount in (2**53, -(2**53), -(2**63), 0.5):
        assert post(workspace, ROWS, rows=[rows[0] | {"amount_minor": amount}]).status_code == 422


def test_a_correction_holds_at_once_for_rows_alike_and_for_no_other_workspace(
    workspace, new_workspace
):
    other = new_workspace()
    for one in (workspace, other):
        bank(one, ("a", "SQ *BLUE BOTTLE 8442"), ("b", "BLUE BOTTLE 17"), ("c", "SHELL 1234"))
    said = post(
        workspace, f"{ROWS}/feedback", facet="merchant", value="Blue Bottle Coffee",
        transaction={"id": "a"},
    )  # fmt: skip
    assert said.status_code == 201, said.text
    kept = said.json()
    assert {name: kept[name] for name in ("facet", "value", "value_before", "merchant")} == {
        "facet": "merchant", "value": "Blue Bottle Coffee", "value_before": "Blue Bottle",
        "merchant": "SQ *BLUE BOTTLE 8442",
    }  # fmt: skip
    assert (kept["direction"], kept["review"]) == ("out", "waiting")
    (entry,) = workspace.get("/v1/audit_log").json()["data"]
    assert (entry["action"], entry["target"], entry["details"]) == (
        "enrichment.corrected", kept["id"],
        {"facet": "merchant", "before": "Blue Bottle", "after": "Blue Bottle Coffee"},
    )  # fmt: skip

    asked = {"ids": ["a", "b", "c"], "facets": ["merchant"]}
    own = ["Blue Bottle Coffee", "Blue Bottle Coffee", "Shell"]
    assert merchants(post(workspace, ROWS, **asked)) == own
    assert merchants(post(workspace, ROWS, rows=[COFFEE], facets=["merchant"])) == own[:1]
    assert merchants(post(other, ROWS, **asked)) == ["Blue Bottle", "Blue Bottle", "Shell"]
    assert merchants(post(other, ROWS, rows=[COFFEE], facets=["merchant"])) == ["Blue Bottle"]


def test_a_correction_goes_before_what_is_stored(workspace):
    bank(workspace, ("a", "SQ *BLUE BOTTLE 8442"))
    kept = post(workspace, f"{ROWS}/feedback", facet="merchant", value="BBC", row=COFFEE)
    assert kept.status_code == 201
    with workspace.database.tenant(workspace.tenant) as rows:
        (said,) = rows.execute("select like_key from enrichment_feedback").fetchall()
    store(workspace, "a", "merchant", "Blue Bottle", said["like_key"])
    (row,) = workspace.get("/v1/transactions", enrich="true").json()["data"]
    assert row["enrichment"]["merchant"]["value"] == "BBC"
    assert row["enrichment"]["merchant"]["model_version"] == "feedback"


def test_a_correction_goes_before_a_stored_finding_of_a_history(workspace):
    bank(workspace, ("a", "K. LINDQVIST 17"))
    said = post(workspace, f"{ROWS}/feedback", facet="worker_classification", value="contractor",
                transaction={"id": "a"})  # fmt: skip
    assert said.status_code == 201, said.text
    with workspace.database.tenant(workspace.tenant) as rows:
        (key,) = rows.execute("select like_key from enrichment_feedback").fetchall()
    store(workspace, "a", "worker_classification", "vendor", key["like_key"])
    answer = post(workspace, f"{ROWS}/worker_classification", ids=["a"])
    (found,) = [row["enrichment"]["worker_classification"] for row in answer.json()["data"]]
    assert (found["value"], found["model_version"]) == ("contractor", "feedback")


def test_the_same_correction_sent_again_is_kept_once(workspace):
    headers = workspace.headers() | {"Idempotency-Key": "once"}
    body = {"facet": "merchant", "value": "BBC", "row": COFFEE}
    answers = [workspace.api.post(f"{ROWS}/feedback", json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    with workspace.database.tenant(workspace.tenant) as rows:
        assert rows.execute("select count(*) n from enrichment_feedback").fetchall() == [{"n": 1}]


def test_what_cannot_be_corrected_says_so(workspace):
    def refused(**body) -> tuple[int, str]:
        answer = post(workspace, f"{ROWS}/feedback", **body)
        return answer.status_code, answer.json()["code"]

    assert refused(facet="recurring", value="x", row=COFFEE) == (422, "invalid_input")
    nameless = COFFEE | {"description": "1234"}
    assert refused(facet="merchant", value="x", row=nameless) == (422, "invalid_input")
    assert refused(facet="horoscope", value="x", row=COFFEE) == (404, "not_found")
    assert refused(facet="merchant", value="x", transaction={"id": "no"}) == (404, "not_found")


def test_a_category_that_enrichment_found_can_be_asked_for(workspace, new_workspace):
    bank(workspace, ("a", "SQ *BLUE BOTTLE"), ("b", "SHELL"), ("c", "NETFLIX"))
    store(workspace, "a", "category", "food_and_drink.coffee", "k:out")
    store(workspace, "b", "category", "transportation.fuel")
    store(workspace, "c", "merchant", "food_and_drink.coffee")
    store(new_workspace(), "b", "category", "food_and_drink.coffee")

    def found(category: str) -> list[str]:
        answer = workspace.get("/v1/transactions", category=category, fields="id")
        return [row["id"] for row in answer.json()["data"]]

    assert found("food_and_drink.coffee") == ["a"]
    assert found("Food_and_Drink") == ["a"]
    assert found("food") == []
    with workspace.database.tenant(workspace.tenant) as rows:
        rows.execute(
            "insert into enrichment_feedback (workspace_id, id, facet, like_key, merchant,"
            " amount_minor, value, said_by, said_at) values"
            " (%s, 'f', 'category', 'k:out', 'x', -1, 'travel.hotels', 'm', now())",
            [str(workspace.tenant)],
        )
    assert found("food_and_drink") == []
    assert found("travel") == ["a"]


def test_every_facet_and_its_model_are_listed(workspace):
    listed = workspace.get(f"{ROWS}/models").json()["data"]
    assert [card["facet"] for card in listed] == [facet.name for facet in (*FACETS, *SCORERS)]
    assert all(card["says"] for card in listed)


def test_a_reviewed_name_is_everybodys_after_the_next_training_and_until_then_its_workspaces(
    workspace, new_workspace, engines
):
    """Feedback over HTTP, the operator's review, the training's step, and the answers."""
    other, line = new_workspace(), COFFEE | {"description": f"{new_id('q')} 0815"}
    made = [one for one in trainings() if one[0].name == "merchant"]
    system = Database.connect(engines, role="system", size=1)

    def train() -> None:
        objects = connect_objects(engines)
        list(train_due(workspace.warehouse, system, objects, utc_now(), made))

    def names(of) -> list[str | None]:
        return merchants(post(of, ROWS, rows=[line], facets=["merchant"]))

    before = names(other)
    kept = post(workspace, f"{ROWS}/feedback", facet="merchant", value="Querz & Sons", row=line)
    train()
    assert (names(workspace), names(other)) == (["Querz & Sons"], before), "nobody reviewed it"
    with system.system() as rows:
        review(rows, kept.json()["id"], "accepted")
    assert names(other) == before, "no training yet"
    train()
    assert names(other) == ["Querz & Sons"]
    found = post(other, ROWS, rows=[line], facets=["merchant"]).json()["data"][0]["enrichment"]
    assert found["merchant"]["model_version"].startswith("merchant-dictionary-")
    assert "; a reviewed name." in found["merchant"]["evidence"]
    # Of the correction itself another workspace sees nothing.
    with other.database.tenant(other.tenant) as rows:
        assert rows.execute("select * from enrichment_feedback").fetchall() == []
    with system.system() as rows:
        review(rows, kept.json()["id"], "refused")
        rows.execute("update enrichment_models set is_champion = false where facet = 'merchant'")
    system.close()
