"""What do the merchant's books say of this customer? QuickBooks or Xero, whichever is there.

The customer is found in the books by their email address, else by their name in full. What was
credited settles the oldest documents first, as books do that are not told otherwise.
"""

from recovery.flows.facts import FactKind
from recovery.known.fact import VALUES, KnownFact
from recovery.known.subjects import PAYERS

# Two joins by equality, not one over every pair: thousands of payers are asked about at once.
CONTACTS = f"""{PAYERS},
contacts as (
    select connection_id, id, lower(ifNull(email, '')) as email,
        lowerUTF8(trimBoth(ifNull(name, ''))) as called
    from unified.accounting_contacts final
    where is_customer and (lower(ifNull(email, '')) in (select email from payers)
        or lowerUTF8(trimBoth(ifNull(name, ''))) in (select called from payers))
),
found as (
    select n, any(currency) as currency, any(moment) as moment,
        argMin(contact, (is_by_name, contact)) as contact
    from (
        select p.n as n, p.currency as currency, p.moment as moment, 0 as is_by_name,
            (c.connection_id, c.id) as contact
        from payers as p inner join contacts as c on c.email = p.email where p.email != ''
        union all
        select p.n as n, p.currency as currency, p.moment as moment, 1 as is_by_name,
            (c.connection_id, c.id) as contact
        from payers as p inner join contacts as c on c.called = p.called where p.called != ''
    ) as every_match
    group by n
)"""
# The entries are a view over every document of the books: read once, whatever is asked of them.
_DEBTS = f"""{CONTACTS},
entries as (
    select f.n as n, f.currency as wanted, f.moment as moment, e.currency as currency,
        if(e.issued_on <= toDate(f.moment, 'UTC'), e.amount_minor, 0) as amount_minor,
        ifNull(e.due_on, e.issued_on) as due_on, e.document_id as document_id
    from found as f
    left join (
        select connection_id, document_id, ifNull(contact_id, '') as contact_id, currency,
            amount_minor, issued_on, due_on
        from unified.accounting_entries
        where account_role = 'accounts_receivable' and (connection_id, ifNull(contact_id, ''))
            in (select tupleElement(contact, 1), tupleElement(contact, 2) from found)
    ) as e on e.connection_id = tupleElement(f.contact, 1)
        and e.contact_id = tupleElement(f.contact, 2)
),
debts as (
    select n, wanted, moment, currency, due_on, document_id, amount_minor,
        sumIf(amount_minor, amount_minor > 0) over (
            partition by n, currency order by due_on, document_id) as billed_so_far,
        -sumIf(amount_minor, amount_minor < 0) over (partition by n, currency) as settled
    from entries
)
select d.n as n, {VALUES} from debts as d group by d.n
"""
_STILL_OPEN = "d.document_id != '' and d.amount_minor > 0 and d.billed_so_far > d.settled"

FACTS = (
    KnownFact(
        "books.is_known",
        FactKind("boolean", "They are a customer in the books"),
        f"{CONTACTS}\nselect n, {VALUES} from found",
        "toBool(1)",
        is_dated=False,
    ),
    KnownFact(
        "books.open_receivable",
        FactKind("money", "What the books say they owe, over all documents"),
        _DEBTS,
        "sumIf(d.amount_minor, d.currency = d.wanted)",
    ),
    KnownFact(
        "books.billed",
        FactKind("money", "Everything that the books ever billed them"),
        _DEBTS,
        "sumIf(d.amount_minor, d.currency = d.wanted and d.amount_minor > 0)",
    ),
    KnownFact(
        "books.open_documents",
        FactKind("integer", "Documents in the books that they have not settled"),
        _DEBTS,
        f"countIf({_STILL_OPEN})",
    ),
    KnownFact(
        "books.days_past_due",
        FactKind("integer", "Days since the oldest of those was due; negative before it is"),
        _DEBTS,
        f"dateDiff('day', minOrNullIf(d.due_on, {_STILL_OPEN}), toDate32(any(d.moment), 'UTC'))",
    ),
)
