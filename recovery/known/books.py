"""What do the merchant's books say of this customer? QuickBooks or Xero, whichever is there.

The customer is found in the books by their email address, else by their name in full. What was
credited settles the oldest documents first, as books do that are not told otherwise.
"""

from core.warehouse import TenantQuery
from recovery.flows.facts import FactKind
from recovery.known.fact import KnownFact
from recovery.known.subjects import PAYERS

CONTACTS = f"""{PAYERS},
found as (
    select p.n as n, p.currency as currency, p.moment as moment,
        argMin((c.connection_id, c.id), (c.email != p.email or p.email = '', c.connection_id, c.id))
            as contact
    from payers as p
    cross join (
        select connection_id, id, lower(ifNull(email, '')) as email,
            lowerUTF8(trimBoth(ifNull(name, ''))) as called
        from unified.accounting_contacts final
        where is_customer and (lower(ifNull(email, '')) in (select email from payers)
            or lowerUTF8(trimBoth(ifNull(name, ''))) in (select called from payers))
    ) as c
    where (c.email = p.email and p.email != '') or (c.called = p.called and p.called != '')
    group by p.n, p.currency, p.moment
)"""
_ENTRIES = f"""{CONTACTS},
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
unpaid as (
    select n, moment, currency, due_on, document_id,
        sumIf(amount_minor, amount_minor > 0) over (
            partition by n, currency order by due_on, document_id) as billed_so_far,
        -sumIf(amount_minor, amount_minor < 0) over (partition by n, currency) as settled,
        amount_minor
    from entries where document_id != ''
)"""
_STILL_OPEN = "u.amount_minor > 0 and u.billed_so_far > u.settled"

FACTS = (
    KnownFact(
        "books.is_known",
        FactKind("boolean", "They are a customer in the books"),
        TenantQuery(f"{CONTACTS}\nselect n, toBool(1) as value from found"),
        is_dated=False,
    ),
    KnownFact(
        "books.open_receivable",
        FactKind("money", "What the books say they owe, over all documents"),
        TenantQuery(
            f"{_ENTRIES}\nselect e.n as n, sumIf(e.amount_minor, e.currency = e.wanted) as value"
            " from entries as e group by e.n"
        ),
    ),
    KnownFact(
        "books.billed",
        FactKind("money", "Everything that the books ever billed them"),
        TenantQuery(
            f"{_ENTRIES}\nselect e.n as n, sumIf(e.amount_minor, e.currency = e.wanted and"
            " e.amount_minor > 0) as value from entries as e group by e.n"
        ),
    ),
    KnownFact(
        "books.open_documents",
        FactKind("integer", "Documents in the books that they have not settled"),
        TenantQuery(
            f"{_ENTRIES}\nselect f.n as n, countIf({_STILL_OPEN}) as value from found as f"
            " left join unpaid as u on u.n = f.n group by f.n"
        ),
    ),
    KnownFact(
        "books.days_past_due",
        FactKind("integer", "Days since the oldest of those was due; negative before it is"),
        TenantQuery(
            f"{_ENTRIES}\nselect u.n as n, dateDiff('day', min(u.due_on),"
            f" toDate32(any(u.moment), 'UTC')) as value from unpaid as u where {_STILL_OPEN}"
            " group by u.n"
        ),
    ),
)
