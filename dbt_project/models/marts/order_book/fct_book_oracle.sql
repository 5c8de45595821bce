{% set key = ["venue", "symbol", "epoch", "sequence"] %}
{{ config(meta={"affected_key": key}) }}
{% set topic_of_quotes = "binance.book_tickers" %}

with
    {% call affected() %}
        select distinct {{ key | join(", ") }}
        from {{ changed(ref("fct_book_top"), key) }} as changed
        union
        select distinct tops.venue, tops.symbol, tops.epoch, tops.sequence
        from {{ changed(ref("fct_quotes"), ["venue", "symbol", "update_id"]) }} as quotes
        inner join
            {{ ref("fct_book_top") }} as tops
            on quotes.update_id = tops.sequence
            and quotes.venue = tops.venue
            and quotes.symbol = tops.symbol
        union
        select {{ key | join(", ") }}
        from {{ this }}
        where {{ is_pruned(topic_of_quotes, "aged_at") }} and {{ is_new(retention(topic_of_quotes, "as_of_batch_id")) }}
    {% endcall %},

    tops as {{ materialized() }} (
        select * from {{ ref("fct_book_top") }} where sequence in (select sequence from affected)
    ),

    quotes as {{ materialized() }} (
        select * from {{ ref("fct_quotes") }} where update_id in (select sequence from affected)
    )

select
    tops.venue,
    tops.symbol,
    tops.epoch,
    tops.sequence,
    tops.event_at,
    'book_ticker' as witness,
    coalesce(
        tops.bid_price = quotes.bid_price
        and tops.bid_quantity = quotes.bid_quantity
        and tops.ask_price = quotes.ask_price
        and tops.ask_quantity = quotes.ask_quantity,
        false
    ) as is_match,
    {% for column in ["bid_price", "bid_quantity", "ask_price", "ask_quantity"] %}
        tops.{{ column }}, quotes.{{ column }} as witness_{{ column }},
    {% endfor %}
    quotes.aged_at,
    quotes.landed_batch_id,
    tops.topic_life,
    tops.kafka_partition,
    tops.first_offset,
    tops.last_offset,
    {{ building_through() }} as batch_id
from tops
inner join affected using (venue, symbol, epoch, sequence)
inner join
    quotes on tops.sequence = quotes.update_id and tops.venue = quotes.venue and tops.symbol = quotes.symbol
