{{ config(materialized='materialized_view') }}
{{ materialization_target_table(ref('stg_quickbooks__refund_receipts')) }}
with JSONExtract(payload, 'Tuple(
    DocNumber Nullable(String),
    TxnDate Nullable(String),
    CurrencyRef Tuple(
        value Nullable(String)
    ),
    ExchangeRate Nullable(String),
    PrivateNote Nullable(String),
    CustomerRef Tuple(
        value Nullable(String),
        name Nullable(String)
    ),
    DepositToAccountRef Tuple(
        value Nullable(String)
    ),
    TotalAmt Nullable(String),
    TxnTaxDetail Tuple(
        TotalTax Nullable(String)
    ),
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
        SalesItemLineDetail Tuple(
            ItemRef Tuple(
                value Nullable(String)
            ),
            ItemAccountRef Tuple(
                value Nullable(String)
            )
        ),
        DiscountLineDetail Tuple(
            DiscountAccountRef Tuple(
                value Nullable(String)
            )
        ),
        GroupLineDetail Tuple(
            Line Array(Tuple(
                Id Nullable(String),
                Description Nullable(String),
                Amount Nullable(String),
                DetailType Nullable(String),
                SalesItemLineDetail Tuple(
                    ItemRef Tuple(
                        value Nullable(String)
                    ),
                    ItemAccountRef Tuple(
                        value Nullable(String)
                    )
                )
            ))
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
    object.CustomerRef.value as customer_id,
    object.CustomerRef.name as customer_name,
    object.DepositToAccountRef.value as deposit_account_id,
    object.TotalAmt as total,
    object.TxnTaxDetail.TotalTax as total_tax,
    object.SyncToken as sync_token,
    {{ iso_time('object.MetaData.CreateTime') }} as created_at,
    {{ iso_time('object.MetaData.LastUpdatedTime') }} as updated_at,
    arrayFlatten(arrayMap(line -> if(
        line.DetailType = 'GroupLineDetail',
        arrayMap(part -> tuple(
            part.Id, part.DetailType, part.SalesItemLineDetail.ItemAccountRef.value, part.Amount, part.Description
        ), line.GroupLineDetail.Line),
        [tuple(
            line.Id, line.DetailType,
            coalesce(line.SalesItemLineDetail.ItemAccountRef.value, line.DiscountLineDetail.DiscountAccountRef.value),
            line.Amount, line.Description
        )]), object.Line)) as lines,
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
from {{ source('quickbooks', 'quickbooks_refund_receipt') }}
