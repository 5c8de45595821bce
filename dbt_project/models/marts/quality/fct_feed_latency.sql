{{ config(meta={"affected_key": ["kafka_topic", "venue", "symbol", "window_start_at"]}) }}
{% set seconds = 60 %}
{% set feeds = {
    "binance.trades": ref("stg_binance__trades"),
    "binance.depth": ref("stg_binance__depth_messages"),
    "binance.book_tickers": ref("stg_binance__book_tickers"),
    "coinbase.trades": ref("stg_coinbase__trades"),
    "kraken.trades": ref("stg_kraken__trades"),
} %}
{% set spans = {
    "event_to_received": ("event_at", "received_at"),
    "received_to_published": ("received_at", "published_at"),
    "published_to_landed": ("published_at", "landed_at"),
} %}

with
    {% call affected() %}
        {% for topic, messages in feeds.items() %}
            select distinct
                '{{ topic }}' as kafka_topic, venue, symbol, {{ time_bucket("aged_at", seconds) }} as window_start_at
            from {{ changed(messages, ["venue", "symbol", "aged_at"]) }} as changed
            where
                symbol is not null
                and aged_at is not null
                and not {{ is_below_floor(topic, time_bucket("aged_at", seconds)) }}
            {{ "union all" if not loop.last }}
        {% endfor %}
    {% endcall %},

    messages as (
        {% for topic, messages in feeds.items() %}
            select
                affected.kafka_topic,
                affected.window_start_at,
                messages.venue,
                messages.symbol,
                messages.topic_life,
                messages.kafka_partition,
                messages.kafka_offset as first_offset,
                messages.kafka_offset as last_offset,
                {% for span, (since, until) in spans.items() -%}
                    {{ milliseconds_between("messages." ~ since, "messages." ~ until) }} as {{ span }}_ms
                    {{- "," if not loop.last }}
                {% endfor %}
            from {{ messages }} as messages
            inner join
                affected
                on affected.kafka_topic = '{{ topic }}'
                and {{ is_in_affected_window("messages", "aged_at", seconds) }}
            where
                messages.rejected_reason is null
                and {{ is_within_affected_bounds("messages.aged_at", seconds) }}
                {{ "union all" if not loop.last }}
        {% endfor %}
    )

select
    kafka_topic,
    {{ window_columns(seconds) }},
    count(*) as message_count,
    {# The shortest way is as good as none, so what the quickest message took is what the clocks differ by. #}
    min(event_to_received_ms) as clock_skew_ms,
    cast(sum(case when event_to_received_ms < 0 then 1 else 0 end) as bigint) as negative_count,
    {% for span in spans %}
        percentile_cont(0.5) within group (order by {{ span }}_ms) as {{ span }}_p50_ms,
        percentile_cont(0.95) within group (order by {{ span }}_ms) as {{ span }}_p95_ms,
        max({{ span }}_ms) as {{ span }}_max_ms,
    {% endfor %}
    {{ provenance_columns() }}
from messages
group by kafka_topic, venue, symbol, window_start_at
