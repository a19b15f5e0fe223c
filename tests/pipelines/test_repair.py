"""Guards the repair: what the audit found is fetched or buried, and never buried on a guess."""

import json
from datetime import UTC, date, datetime

from core.connections import Connection
from core.settings import Settings
from pipelines.completeness import DayVerdict
from pipelines.ingest import backfill
from pipelines.stripe.audit import audit
from pipelines.stripe.repair import repair
from tests.pipelines.fake_stripe import FakeStripe, charge, connection
from tests.pipelines.test_ingest import served

NOON = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp())
DAY = 86_400
FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)


def audited(settings: Settings, mine: Connection, name: str = "charge") -> list[DayVerdict]:
    return audit(settings, mine, since_on=FIRST, until_on=date(2026, 3, 4), objects=[name])


def whole(verdicts: list[DayVerdict]) -> dict[date, bool]:
    return {verdict.created_on: verdict.is_complete for verdict in verdicts}


def test_what_stripe_has_no_more_is_buried_and_what_we_lack_is_fetched(fresh, held):
    gone, kept, lacking = charge(1, NOON), charge(2, NOON), charge(3, NOON + DAY)
    stripe = FakeStripe({"/v1/charges": [gone, kept, charge(4, NOON + 2 * DAY)]})
    with served(stripe) as url:
        mine = connection("ws_repair", url=url)
        backfill(fresh, [mine], objects=["charge"])
        stripe.lists["/v1/charges"] = [kept, lacking, charge(4, NOON + 2 * DAY)]
        stripe.gone.add("/v1/charges/ch_000001")
        found = audited(fresh, mine)
        assert whole(found) == {FIRST: False, SECOND: False, THIRD: True}
        mended = repair(fresh, mine, found)
        assert whole(audited(fresh, mine)) == {FIRST: True, SECOND: True, THIRD: True}
    assert (dict(mended.buried), mended.unclear) == ({"charge": 1}, {})
    rows = held("ws_repair", "charge")
    assert {name: is_deleted for name, (is_deleted, _) in rows.items()} == {
        "ch_000001": 1, "ch_000002": 0, "ch_000003": 0, "ch_000004": 0,
    }  # fmt: skip
    assert json.loads(rows["ch_000001"][1]) == gone, "the tombstone says what it was"


def test_only_stripes_own_word_buries(fresh, held):
    stripe = FakeStripe({"/v1/charges": [charge(number, NOON) for number in (1, 2, 3)]})
    with served(stripe) as url:
        mine = connection("ws_unclear", url=url)
        backfill(fresh, [mine], objects=["charge"])
        stripe.lists["/v1/charges"] = [charge(3, NOON)]
        # One is only not listed any more; of the other, Stripe says neither.
        stripe.single["/v1/charges/ch_000001"] = charge(1, NOON, paid=True)
        mended = repair(fresh, mine, audited(fresh, mine))
        assert whole(audited(fresh, mine)) == {FIRST: False}
    assert (dict(mended.landed), dict(mended.buried)) == ({"charge": 1}, {"charge": 0})
    assert mended.unclear == {"ch_000002": "Unrecognized request URL"}
    rows = held("ws_unclear", "charge")
    assert [is_deleted for is_deleted, _ in rows.values()] == [0, 0, 0]
    assert json.loads(rows["ch_000001"][1])["paid"] is True


def test_a_deleted_object_that_stripe_still_shows_is_buried(fresh, held):
    customer = {"id": "cus_1", "object": "customer", "created": NOON, "name": "A"}
    stripe = FakeStripe({"/v1/customers": [customer]})
    with served(stripe) as url:
        mine = connection("ws_repair_deleted", url=url)
        backfill(fresh, [mine], objects=["customer"])
        stripe.lists["/v1/customers"] = []
        stripe.single["/v1/customers/cus_1"] = {
            "id": "cus_1", "object": "customer", "deleted": True,
        }  # fmt: skip
        mended = repair(fresh, mine, audited(fresh, mine, "customer"))
    assert dict(mended.buried) == {"customer": 1}
    assert held("ws_repair_deleted", "customer")["cus_1"][0] == 1


def test_an_invoice_item_is_compared_on_its_own_date(fresh):
    item = {"id": "ii_1", "object": "invoiceitem", "date": NOON}
    with served(FakeStripe({"/v1/invoiceitems": [item]})) as url:
        mine = connection("ws_items", url=url)
        backfill(fresh, [mine], objects=["invoiceitem"])
        assert whole(audited(fresh, mine, "invoiceitem")) == {FIRST: True}
