"""Is it our own money, moved from one account to another? The facet `transfer`: kind and partner.

    rows → pairs that may be (`ml.transfer.lines`) → what each weighs (`reconciliation.transfers`)
         → the best packing (`reconciliation.packing`) → how firm it is (`reconciliation.standings`)

The ledger keeps transfers out of spend and income by the same weights and the same packing, so the
two agree. What a processor paid out is no transfer here: the reconciliation follows payouts.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from core.money import Money
from ml.facet import Alone, Beyond, Context, Facet
from ml.results import NOTHING, SCHEMA, Said, nothing, results
from ml.terms import Line
from ml.transfer.lines import Candidates, candidates
from reconciliation.evidence import confidence
from reconciliation.packing import best_of
from reconciliation.standings import standings
from reconciliation.transfers import kind_of, weighed

NAME = "transfer"
VERSION = "transfer-rules-1"
_LEAST_CONFIDENCE = 0.7
_MOST_NAMED = 4
_FOUND: dict[str, pl.DataType] = {
    "row": pl.UInt32(),
    "value": SCHEMA["value"],
    "confidence": SCHEMA["confidence"],
    "evidence": SCHEMA["evidence"],
    "abstained": SCHEMA["abstained"],
}
Found = tuple[int, str, float, str, bool]


def answer(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Answer as a facet; nothing of lines that are no transfer."""
    transfers = _found(frame, context.beyond)
    if not transfers:
        return nothing(NAME, frame.height)
    found = pl.DataFrame(transfers, schema=_FOUND, orient="row")
    said = frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")).join(
        found, on="row", how="left", maintain_order="left"
    )
    return results(
        NAME, value=said["value"], confidence=said["confidence"].fill_null(0.0),
        evidence=said["evidence"].fill_null(""), model_version=VERSION,
        abstained=said["abstained"].fill_null(value=True),
    )  # fmt: skip


def _found(frame: pl.DataFrame, beyond: Beyond | None) -> list[Found]:
    if not ((frame["amount_minor"] < 0).any() and (frame["amount_minor"] > 0).any()):
        return []
    possible = candidates(frame, beyond)
    if not possible.pairs:
        return []
    lines = possible.lines
    edges = [
        edge
        for out, into in possible.pairs
        for edge in weighed(lines[out], lines[into], possible.accounts, possible.holders)
    ]
    weights = {(int(edge.left[0]), int(edge.right[0])): edge for edge in edges}
    ids = frame["id"].to_list()
    found: list[Found] = []
    for (side, key), standing in standings(edges, best_of(edges)).items():
        row = int(key)
        partners = [int(partner) for partner in standing.partners]
        pairs = [(row, partner) if side == "left" else (partner, row) for partner in partners]
        evidence = [weights[pair] for pair in pairs]
        kinds = sorted({kind_of(lines[out], lines[into], possible.accounts) for out, into in pairs})
        sure = min(confidence(edge.weight) for edge in evidence) / 1_000
        if standing.is_sole:
            words = _told(possible, *pairs[0], evidence[0].evidence[1:])
            found.append(
                (row, f"{kinds[0]}:{ids[partners[0]]}", sure, words, sure < _LEAST_CONFIDENCE)
            )
        else:
            is_open = not standing.always or len(kinds) > 1
            words = _rivals(sorted(ids[partner] for partner in partners), always=standing.always)
            found.append(
                (row, kinds[0], 0.5 if is_open else sure, words,
                 is_open or sure < _LEAST_CONFIDENCE)
            )  # fmt: skip
    return found


def _told(possible: Candidates, out: int, into: int, why: Sequence[str]) -> str:
    left, entered = possible.lines[out], possible.lines[into]
    moved = (
        f"{Money(-left.amount_minor, left.currency)} left {_place(possible, left.account)}"
        f" on {left.booked_on}, {Money(entered.amount_minor, entered.currency)} entered"
        f" {_place(possible, entered.account)} on {entered.booked_on}"
    )
    return "; ".join([moved, *dict.fromkeys(why)]) + "."


def _rivals(ids: Sequence[str], *, always: bool) -> str:
    named = ", ".join(ids[:_MOST_NAMED]) + (", …" if len(ids) > _MOST_NAMED else "")
    if always:
        return f"A transfer whose other side is one of {len(ids)}, all as good: {named}."
    return f"Others could as well be the side of this transfer: {named}."


def _place(possible: Candidates, account: str) -> str:
    known = possible.accounts.get(account)
    if known is None:
        return "the payment provider"
    name = known.institution or "account"
    number = known.mask or (known.iban or "")[-4:] or known.key.partition("/")[2]
    return f"{name} {number}"


def alone(row: Line, context: Alone) -> Said:
    """Answer as a facet of one row: a transfer has two."""
    del row, context
    return NOTHING


FACET = Facet(
    name=NAME,
    says="`transfer`, `card_payment`, `loan_payment`, `conversion` or `topup`, a colon, and the id"
    " of the other side; the kind alone where several sides are as good",
    answer=answer,
    alone=alone,
    version=VERSION,
    reads="history",
    together="days",
    corrects=False,
    card=(
        "Weighed by rules, nothing is learned: amount, days, the banks' own word on the other"
        " account, wording in English, German, Dutch and French. Weights are judgements, and the"
        " confidence is their sum's shape, not calibrated. Measured only on the generated company"
        " of our own sandbox, beside which other banks write otherwise."
    ),
)
