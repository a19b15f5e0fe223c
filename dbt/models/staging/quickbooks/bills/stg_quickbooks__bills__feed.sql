{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__bills')) }}
with JSONExtract(payload, 'Tuple(
    DocNumber Nullable(String),
    TxnDate Nullable(String),
    CurrencyRef Tuple(
        value Nullable(String)
    ),
    ExchangeRate Nullable(String),
    PrivateNote Nullable(String),
    DueDate Nullable(String),
    VendorRef Tuple(
        value Nullable(String),
        name Nullable(String)
    ),
    APAccountRef Tuple(
        value Nullable(String)
    ),
    TotalAmt Nullable(String),
    TxnTaxDetail Tuple(
        TotalTax Nullable(String)
    ),
    Balance Nullable(String),
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
        AccountBasedExpenseLineDetail Tuple(
            AccountRef Tuple(
                value Nullable(String)
            )
        ),
        ItemBasedExpenseLineDetail Tuple(
            ItemRef Tuple(
                value Nullable(String)
            ),
            ItemAccountRef Tuple(
                value Nullable(String)
            )
        )
    ))
)') as object
select
    workspace_id,
    connection_id,
    id,
    object.DocNumber as number,
    toDate32({{ iso_time('object.TxnDate') }}) as issued_on,
    object.CurrencyRef.value as currency,
    object.ExchangeRate as exchange_rate,
    object.PrivateNote as memo,
    toDate32({{ iso_time('object.DueDate') }}) as due_on,
    object.VendorRef.value as vendor_id,
    object.VendorRef.name as vendor_name,
    object.APAccountRef.value as payable_account_id,
    object.TotalAmt as total,
    object.TxnTaxDetail.TotalTax as total_tax,
    object.Balance as balance,
    object.SyncToken as sync_token,
    {{ iso_time('object.MetaData.CreateTime') }} as created_at,
    {{ iso_time('object.MetaData.LastUpdatedTime') }} as updated_at,
    arrayMap(line -> tuple(
        line.Id, line.DetailType,
        coalesce(line.AccountBasedExpenseLineDetail.AccountRef.value, line.ItemBasedExpenseLineDetail.ItemAccountRef.value),
        line.Amount, line.Description
    ), object.Line) as lines,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_bill') }}
