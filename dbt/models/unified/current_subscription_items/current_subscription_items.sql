{{ config(materialized='view') }}

with newest_walks as (
    select workspace_id, connection_id, subscription_id, max(version) as walked_version
    from {{ newest(ref('subscription_items')) }}
    where origin = 'listed'
    group by workspace_id, connection_id, subscription_id
)

select items.*
from (select * from {{ newest(ref('subscription_items')) }}) as items
inner join (
    select workspace_id, connection_id, id::Nullable(String) as subscription_id, item_ids, has_more_items
    from {{ newest(ref('subscriptions')) }}
) as parents using (workspace_id, connection_id, subscription_id)
left join newest_walks using (workspace_id, connection_id, subscription_id)
-- One walk's pages are read within minutes of each other.
where has(parents.item_ids, items.id)
    or (parents.has_more_items and items.version + 600000000 >= newest_walks.walked_version)
