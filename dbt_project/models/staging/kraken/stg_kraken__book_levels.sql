{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "last_update_id"]}) }}

with
    {% call affected() %}
        select distinct landed_batch_id
        from {{ changed(ref("stg_kraken__book_messages"), ["landed_batch_id"]) }} as changed
    {% endcall %},

    messages as ({{ messages_with_levels(ref("stg_kraken__book_messages")) }}),

    -- The venue does not say what fell out of the depth that was asked for: who published the message does.
    levels as (
        {{ both_sides("messages") }}
        union all
        {{ both_sides("messages", "dropped_bids", "dropped_asks", first_place=1000000) }}
    )

select {{ book_level_columns() }}
from levels
