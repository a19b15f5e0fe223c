{{ config(materialized='view') }}

with newest_walks as (
    select workspace_id, connection_id, subscription_id, max(version) as walked_version
    from {{ newest(ref('subscription_items')) }}
    where origin = 'listed'
    group by workspace_id, connection_id, subscription_id
),

listed_by_their_subscription as (
    select workspace_id, connection_id, arrayJoin(item_ids) as id
    from {{ newest(ref('subscriptions')) }}
),

past_the_first_page as (
    select workspace_id, connection_id, items.id as id
    from (select * from {{ newest(ref('subscription_items')) }}) as items
    inner join newest_walks using (workspace_id, connection_id, subscription_id)
    -- One walk's pages are read within minutes of each other.
    where items.version + 600000000 >= newest_walks.walked_version
        and (workspace_id, connection_id, items.subscription_id) in (
            select workspace_id, connection_id, id::Nullable(String)
            from {{ newest(ref('subscriptions')) }}
            where has_more_items)
)

select *
from {{ newest(ref('subscription_items')) }}
where (workspace_id, connection_id, id) in (select * from listed_by_their_subscription)
    or (workspace_id, connection_id, id) in (select * from past_the_first_page)
