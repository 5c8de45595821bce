{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "window_start_at"]}) }}
{% set seconds = 1 %}

with
    {% call affected() %}
        select distinct venue, symbol, epoch, {{ time_bucket("event_at", seconds) }} as window_start_at
        from {{ changed(ref("fct_book_top"), ["venue", "symbol", "epoch", "event_at"]) }} as changed
        where event_at is not null
    {% endcall %},

    tops as {{ materialized() }} (
        select tops.*, affected.window_start_at
        from {{ ref("fct_book_top") }} as tops
        inner join
            affected
            on tops.epoch = affected.epoch
            and {{ is_in_affected_window("tops", "event_at", seconds) }}
        where {{ is_within_affected_bounds("tops.event_at", seconds) }}
    ),

    tops_before as {{ materialized() }} (
        select venue, symbol, epoch, sequence, bid_price, bid_quantity, ask_price, ask_quantity
        from {{ ref("fct_book_top") }}
        where sequence in (select previous_sequence from tops)
    ),

    flows as (
        select tops.*, {{ order_flow("tops", "tops_before") }} as order_flow
        from tops
        inner join
            tops_before
            on tops.venue = tops_before.venue
            and tops.symbol = tops_before.symbol
            and tops.epoch = tops_before.epoch
            and tops.previous_sequence = tops_before.sequence
    )

select
    venue,
    symbol,
    epoch,
    window_start_at,
    window_start_at + interval '1 second' as window_end_at,
    cast(sum(order_flow) as decimal(38, 10)) as order_flow_imbalance,
    count(*) as update_count,
    {{ provenance_columns() }}
from flows
group by venue, symbol, epoch, window_start_at
