{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('accounting_documents')) }}
-- depends_on: {{ ref('stg_xero__payments__feed') }}
with multiIf(
        source.type in ('ACCRECPAYMENT', 'APCREDITPAYMENT', 'APPREPAYMENTPAYMENT', 'APOVERPAYMENTPAYMENT'), 1,
        source.type in ('ACCPAYPAYMENT', 'ARCREDITPAYMENT', 'ARPREPAYMENTPAYMENT', 'AROVERPAYMENTPAYMENT'), -1,
        0) as own_direction
select
    workspace_id,
    connection_id,
    concat('payment/', source.id) as id,
    'xero' as provider,
    if(source.type in ('ACCPAYPAYMENT', 'APCREDITPAYMENT', 'APPREPAYMENTPAYMENT', 'APOVERPAYMENTPAYMENT'), 'bill_payment', 'payment') as type,
    multiIf(
        own_direction = 0, 'unknown',
        source.status in ('AUTHORISED', 'PAID', 'POSTED'), 'posted',
        source.status in ('DRAFT', 'SUBMITTED'), 'draft',
        source.status = 'VOIDED', 'voided',
        source.status = 'DELETED', 'deleted',
        'unknown') as status,
    source.invoice_number as number,
    coalesce(source.invoice_contact_id, source.credit_note_contact_id) as contact_id,
    source.invoice_contact_name as contact_name,
    {{ iso_currency('coalesce(source.invoice_currency, source.credit_note_currency)') }} as currency,
    source.account_id as currency_account_id,
    source.exchange_rate as exchange_rate,
    ifNull(source.issued_on, toDate32('1970-01-01')) as issued_on,
    cast(null as Nullable(Date32)) as due_on,
    source.reference as description,
    source.amount as total,
    if(status = 'posted', arrayConcat(
        [(source.account_id, cast(source.account_code as Nullable(String)), 'bank', toInt8(own_direction), source.amount, cast(null as Nullable(String)), cast(null as Nullable(String)))],
        [(cast(null as Nullable(String)), cast(null as Nullable(String)), if(startsWith(ifNull(source.type, ''), 'ACCPAY') or startsWith(ifNull(source.type, ''), 'AP'), 'accounts_payable', 'accounts_receivable'), toInt8(-own_direction), source.amount, cast(null as Nullable(String)), cast(null as Nullable(String)))]), []) as entries,
    'raw.xero_payment' as source_table,
    source.id as source_id,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ ref('stg_xero__payments') }} as source
where is_deleted or (source.issued_on is not null and source.status is not null and source.amount is not null)
