{# What every QuickBooks document with lines has in its payload; `kind` is sales (customers) or purchases (vendors), whose
   lines differ. Stands first in the Tuple; the document's own fields follow. #}
{% macro quickbooks_document_fields(kind) -%}
    DocNumber Nullable(String),
    TxnDate Nullable(String),
    CurrencyRef Tuple(value Nullable(String)),
    ExchangeRate Nullable(String),
    PrivateNote Nullable(String),
    TotalAmt Nullable(String),
    TxnTaxDetail Tuple(TotalTax Nullable(String)),
    SyncToken Nullable(String),
    MetaData Tuple(CreateTime Nullable(String), LastUpdatedTime Nullable(String)),
    Line Array(Tuple(
        {{ quickbooks_line_fields(kind) }}
        {%- if kind == 'sales' -%},
        DiscountLineDetail Tuple(DiscountAccountRef Tuple(value Nullable(String))),
        GroupLineDetail Tuple(Line Array(Tuple(
        {{ quickbooks_line_fields(kind) }}
        )))
        {%- endif %}
    ))
{%- endmacro %}

{% macro quickbooks_line_fields(kind) -%}
        Id Nullable(String),
        Description Nullable(String),
        Amount Nullable(String),
        DetailType Nullable(String),
        {%- if kind == 'sales' %}
        SalesItemLineDetail Tuple(ItemRef Tuple(value Nullable(String)), ItemAccountRef Tuple(value Nullable(String)))
        {%- else %}
        AccountBasedExpenseLineDetail Tuple(AccountRef Tuple(value Nullable(String))),
        ItemBasedExpenseLineDetail Tuple(ItemRef Tuple(value Nullable(String)), ItemAccountRef Tuple(value Nullable(String)))
        {%- endif %}
{%- endmacro %}

{# The columns of those fields. A bundle of a sales document (GroupLineDetail) stands for the lines in it. #}
{% macro quickbooks_document_columns(kind) -%}
    workspace_id,
    connection_id,
    id,
    (object).DocNumber as number,
    toDate32({{ iso_time('(object).TxnDate') }}) as issued_on,
    (object).CurrencyRef.value as currency,
    (object).ExchangeRate as exchange_rate,
    (object).PrivateNote as memo,
    (object).TotalAmt as total,
    (object).TxnTaxDetail.TotalTax as total_tax,
    (object).SyncToken as sync_token,
    {{ iso_time('(object).MetaData.CreateTime') }} as created_at,
    {{ iso_time('(object).MetaData.LastUpdatedTime') }} as updated_at,
    {%- if kind == 'sales' %}
    arrayFlatten(arrayMap(line -> if(
        (line).DetailType = 'GroupLineDetail',
        arrayMap(part -> tuple(
            (part).Id, (part).DetailType, (part).SalesItemLineDetail.ItemAccountRef.value, (part).Amount, (part).Description
        ), (line).GroupLineDetail.Line),
        [tuple(
            (line).Id, (line).DetailType,
            coalesce((line).SalesItemLineDetail.ItemAccountRef.value, (line).DiscountLineDetail.DiscountAccountRef.value),
            (line).Amount, (line).Description
        )]), (object).Line)) as lines,
    {%- else %}
    arrayMap(line -> tuple(
        (line).Id, (line).DetailType,
        coalesce((line).AccountBasedExpenseLineDetail.AccountRef.value, (line).ItemBasedExpenseLineDetail.ItemAccountRef.value),
        (line).Amount, (line).Description
    ), (object).Line) as lines,
    {%- endif %}
    version,
    is_deleted,
    extracted_at,
    now64(3, 'UTC') as landed_at
{%- endmacro %}
