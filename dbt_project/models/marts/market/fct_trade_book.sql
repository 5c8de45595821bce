{{ config(materialized="settled_view") }}
{% set horizon = "interval '5 seconds'" %}
{# A book that has not changed for so long is not known to be so any more. #}
{% set longest_ms = 10000 %}

with
    {# The last state of each instant. #}
    books as (
        select venue, symbol, event_at, bid_price, ask_price, mid_price
        from {{ ref("fct_book_top") }}
        where bid_price > 0 and ask_price > 0 and event_at is not null and not is_crossed
        qualify
            row_number() over (partition by venue, symbol, event_at order by epoch desc, sequence desc) = 1
    ),

    trades as (
        select
            *,
            event_at + {{ horizon }} as later_at,
            case taker_side when 'buy' then 1 else -1 end as direction
        from {{ ref("fct_trades") }}
    ),

    before as (
        select
            trades.*,
            books.bid_price,
            books.ask_price,
            books.mid_price,
            case when trades.direction = 1 then books.ask_price else books.bid_price end as touch,
            {{ milliseconds_between("books.event_at", "trades.event_at") }} as book_age_ms
        from
            trades
            {{
                asof_join(
                    "books",
                    on="books.venue = trades.venue and books.symbol = trades.symbol",
                    match="trades.event_at > books.event_at",
                )
            }}
    ),

    after as (
        select
            before.*,
            case
                when {{ milliseconds_between("books.event_at", "before.later_at") }} <= {{ longest_ms }}
                then books.mid_price
            end as later_mid
        from
            before
            {{
                asof_join(
                    "books",
                    on="books.venue = before.venue and books.symbol = before.symbol",
                    match="before.later_at >= books.event_at",
                )
            }}
        where book_age_ms <= {{ longest_ms }}
    )

select
    venue,
    symbol,
    trade_id,
    event_at,
    price,
    quantity,
    taker_side,
    bid_price,
    ask_price,
    mid_price,
    book_age_ms,
    case
        when price = ask_price
        then 'ask'
        when price = bid_price
        then 'bid'
        when price > ask_price or price < bid_price
        then 'outside'
        else 'inside'
    end as traded_where,
    direction * (cast(price as double) / mid_price - 1) * 20000 as effective_spread_bps,
    direction * (cast(price as double) - later_mid) / mid_price * 20000 as realised_spread_bps,
    direction * {{ divide("price - touch", "touch") }} * 10000 as trade_slippage_bps,
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    batch_id
from after
