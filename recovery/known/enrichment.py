"""What did the models find about this payer's newest bank transfer? Where they were sure."""

from recovery.flows.facts import FactKind
from recovery.known.bank import DEPOSITS
from recovery.known.fact import KnownFact

_NEWEST = f"""{DEPOSITS},
newest as (
    select n, argMax((connection_id, id), (occurred_at, id)) as line from deposits group by n
)
select d.n as n, {{values}}
from newest as d
inner join (
    select connection_id, transaction_id, value from unified.enrichments final
    where facet = '{{facet}}' and not abstained and (connection_id, transaction_id) in (
        select tupleElement(line, 1), tupleElement(line, 2) from newest)
) as e on e.connection_id = tupleElement(d.line, 1) and e.transaction_id = tupleElement(d.line, 2)
"""
_SAID = {
    "category": "The category of their newest bank transfer",
    "recurring": "The rhythm in which they pay by bank, as found in their newest transfer",
    "counterparty": "What kind of counterparty their newest bank transfer came from",
    "anomaly": "Whether their newest bank transfer was out of the ordinary",
}

FACTS = tuple(
    KnownFact(
        f"enrichment.{facet}",
        FactKind("text", says),
        _NEWEST.replace("{facet}", facet),
        "e.value",
        is_dated=False,
    )
    for facet, says in _SAID.items()
)
