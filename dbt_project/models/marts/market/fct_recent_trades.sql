{{ config(materialized="settled_view") }}

select
    venue,
    symbol,
    trade_id,
    event_at,
    price,
    quantity,
    notional,
    taker_side,
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    batch_id
from {{ ref("fct_trades") }}
where
    event_at >= (select max(event_at) - interval '1 day' from {{ ref("fct_trades") }})
    {{ top_n(500, "venue, symbol", "event_at desc, trade_id desc") }}
