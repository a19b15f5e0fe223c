"""How do an Item's liabilities get in? By /liabilities/get: a row per card, mortgage or loan."""

import msgspec

from pipelines.plaid.client import PlaidItem
from pipelines.reading import Visit
from pipelines.slices import held, id_of


class Liabilities(msgspec.Struct, gc=False):
    """Each kind's liabilities; null where the Item has none of the kind."""

    credit: list[msgspec.Raw] | None = None
    mortgage: list[msgspec.Raw] | None = None
    student: list[msgspec.Raw] | None = None


class LiabilitiesPage(msgspec.Struct, gc=False):
    """The answer of /liabilities/get."""

    liabilities: Liabilities


LIABILITIES_PAGE = msgspec.json.Decoder(LiabilitiesPage)


async def read_liabilities(visit: Visit, item: PlaidItem) -> bool:
    """Land what is owed, by account."""
    page, answer = await item.ask("/liabilities/get", LIABILITIES_PAGE)
    for name, found in (
        ("liability_credit", page.liabilities.credit),
        ("liability_mortgage", page.liabilities.mortgage),
        ("liability_student", page.liabilities.student),
    ):
        rows = [
            held(id_of(payload, "account_id"), answer.asked_at, payload) for payload in found or []
        ]
        await visit.land(name, rows)
    return True
