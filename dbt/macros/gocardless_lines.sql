{# The lines of a GoCardless list, booked or pending: the two differ in nothing else. #}
{% macro gocardless_lines(landed, is_pending) -%}
with JSONExtract(payload, 'Tuple(
    transactionAmount Tuple(
        amount Nullable(String),
        currency Nullable(String)
    ),
    bookingDate Nullable(String),
    bookingDateTime Nullable(String),
    valueDate Nullable(String),
    valueDateTime Nullable(String),
    remittanceInformationUnstructured Nullable(String),
    remittanceInformationUnstructuredArray Array(Nullable(String)),
    remittanceInformationStructured Nullable(String),
    creditorName Nullable(String),
    creditorAccount Tuple(iban Nullable(String)),
    debtorName Nullable(String),
    debtorAccount Tuple(iban Nullable(String)),
    endToEndId Nullable(String),
    bankTransactionCode Nullable(String),
    merchantCategoryCode Nullable(String),
    currencyExchange Nullable(String),
    balanceAfterTransaction Tuple(balanceAmount Tuple(amount Nullable(String)))
)') as object,
    splitByChar('/', landed.id) as parts,
    -- Banks send one exchange, or a list of them.
    ifNull((object).currencyExchange, '') as exchanges,
    JSONExtract(if(startsWith(exchanges, '['), JSONExtractRaw(exchanges, 1), exchanges), 'instructedAmount',
        'Tuple(amount Nullable(String), currency Nullable(String))') as instructed,
    nullIf(arrayStringConcat(arrayMap(part -> ifNull(part, ''), (object).remittanceInformationUnstructuredArray), ' '), '') as remittances,
    coalesce(nullIf((object).bookingDate, ''), nullIf((object).bookingDateTime, ''), nullIf((object).valueDate, ''),
        (object).valueDateTime) as day
select
    workspace_id,
    connection_id,
    concat(parts[1], '/', arrayStringConcat(arraySlice(parts, 3), '/')) as id,
    landed.id as raw_id,
    parts[1] as account_id,
    parts[2] as institution_id,
    {{ is_pending }} as is_pending,
    (object).transactionAmount.amount as amount,
    (object).transactionAmount.currency as currency,
    toDate({{ iso_time('day') }}) as booked_on,
    {{ iso_time('(object).bookingDateTime') }} as booked_at,
    toDate({{ iso_time('(object).valueDate') }}) as valued_on,
    coalesce(nullIf((object).remittanceInformationUnstructured, ''), remittances,
        (object).remittanceInformationStructured) as description,
    (object).creditorName as creditor_name,
    (object).creditorAccount.iban as creditor_iban,
    (object).debtorName as debtor_name,
    (object).debtorAccount.iban as debtor_iban,
    (object).endToEndId as end_to_end_id,
    (object).bankTransactionCode as bank_transaction_code,
    (object).merchantCategoryCode as merchant_category_code,
    (instructed).amount as original_amount,
    (instructed).currency as original_currency,
    (object).balanceAfterTransaction.balanceAmount.amount as balance_after,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ landed }} as landed
{%- endmacro %}
