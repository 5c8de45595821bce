{% set key = ["venue", "symbol", "epoch", "sequence"] %}
{{ config(meta={"affected_key": key}) }}
{% set topic_of_quotes = "binance.book_tickers" %}
{% set told = ["bid_price", "bid_quantity", "ask_price", "ask_quantity"] %}

with
    {% call affected() %}
        select distinct {{ key | join(", ") }}
        from {{ changed(ref("fct_book_top"), key) }} as changed
        union
        select distinct {{ key | join(", ") }}
        from {{ changed(ref("int_book_checksums_compared"), key) }} as changed
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
        where
            witness = 'book_ticker'
            and {{ is_pruned(topic_of_quotes, "aged_at") }}
            and {{ is_new(retention(topic_of_quotes, "as_of_batch_id")) }}
    {% endcall %},

    tops as {{ materialized() }} (
        select * from {{ ref("fct_book_top") }} where sequence in (select sequence from affected)
    ),

    witnesses as {{ materialized() }} (
        select
            venue,
            symbol,
            update_id as sequence,
            'book_ticker' as witness,
            {{ told | join(", ") }},
            cast(null as boolean) as is_same_checksum,
            aged_at,
            landed_batch_id
        from {{ ref("fct_quotes") }}
        where update_id in (select sequence from affected)
        union all
        select
            venue,
            symbol,
            sequence,
            'checksum',
            {% for column in told %} cast(null as decimal(38, 10)), {% endfor %}
            checksum = own_checksum,
            aged_at,
            landed_batch_id
        from {{ ref("int_book_checksums_compared") }}
        where sequence in (select sequence from affected)
    )

select
    tops.kafka_topic,
    tops.venue,
    tops.symbol,
    tops.epoch,
    tops.sequence,
    tops.event_at,
    witnesses.witness,
    coalesce(
        is_same_checksum,
        {% for column in told %}
            tops.{{ column }} = witnesses.{{ column }} {{ "and" if not loop.last }}
        {% endfor %},
        false
    ) as is_match,
    {% for column in told %} tops.{{ column }}, witnesses.{{ column }} as witness_{{ column }}, {% endfor %}
    witnesses.aged_at,
    witnesses.landed_batch_id,
    tops.topic_life,
    tops.kafka_partition,
    tops.first_offset,
    tops.last_offset,
    {{ building_through() }} as batch_id
from tops
inner join affected using (venue, symbol, epoch, sequence)
inner join
    witnesses
    on tops.sequence = witnesses.sequence
    and tops.venue = witnesses.venue
    and tops.symbol = witnesses.symbol
