{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__journal_entries')) }}
with JSONExtract(payload, 'Tuple(
    DocNumber Nullable(String),
    TxnDate Nullable(String),
    CurrencyRef Tuple(
        value Nullable(String)
    ),
    ExchangeRate Nullable(String),
    PrivateNote Nullable(String),
    SyncToken Nullable(String),
    MetaData Tuple(
        CreateTime Nullable(String),
        LastUpdatedTime Nullable(String)
    ),
    Line Array(Tuple(
        Id Nullable(String),
        Description Nullable(String),
        Amount Nullable(String),
        DetailType Nullable(String),
        JournalEntryLineDetail Tuple(
            PostingType Nullable(String),
            AccountRef Tuple(
                value Nullable(String)
            )
        )
    ))
)') as object
select
    workspace_id,
    connection_id,
    id,
    (object).DocNumber as number,
    toDate32({{ iso_time('(object).TxnDate') }}) as issued_on,
    (object).CurrencyRef.value as currency,
    (object).ExchangeRate as exchange_rate,
    (object).PrivateNote as memo,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    arrayMap(line -> tuple(
        (line).Id, (line).JournalEntryLineDetail.PostingType, (line).JournalEntryLineDetail.AccountRef.value,
        (line).Amount, (line).Description
    ), arrayFilter(line -> (line).DetailType = 'JournalEntryLineDetail', (object).Line)) as lines,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_journal_entry') }}
