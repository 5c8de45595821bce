{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "last_update_id"]}) }}

with
    {% call affected() %}
        select distinct landed_batch_id
        from {{ changed(ref("stg_binance__depth_messages"), ["landed_batch_id"]) }} as changed
    {% endcall %},

    messages as ({{ messages_with_levels(ref("stg_binance__depth_messages")) }}),

    levels as ({{ both_sides("messages") }})

select {{ book_level_columns() }}
from levels
