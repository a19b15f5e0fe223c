{{ config(materialized='view') }}
select
    workspace_id,
    connection_id,
    id as document_id,
    entry_number,
    provider,
    type as document_type,
    number as document_number,
    contact_id,
    contact_name,
    account_id,
    (entry).account_code as account_code,
    (entry).account_role as account_role,
    iso_code as currency,
    greatest(assumeNotNull(amount), 0) as debit_minor,
    greatest(-assumeNotNull(amount), 0) as credit_minor,
    assumeNotNull(amount) as amount_minor,
    exchange_rate,
    (entry).description as description,
    postings.description as document_description,
    issued_on,
    due_on,
    source_table,
    source_id,
    version,
    is_deleted,
    extracted_at,
    landed_at
from {{ ref('accounting_postings') }} as postings
array join
    entries as entry,
    entry_amounts as amount,
    account_ids as account_id,
    arrayEnumerate(entries) as entry_number
where empty(reasons) and amount != 0
