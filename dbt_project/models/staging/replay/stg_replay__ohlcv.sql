{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "event_at", "aged_at"]}) }}
{% set topic = "replay.ohlcv" %}
{% set fields = ["datetime", "open", "high", "low", "close", "volume"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "replay_ohlcv"), fields) }}),

    texts as (
        select
            *,
            {{ kafka_header("symbol") }} as symbol,
            regexp_replace({{ kafka_header("channel") }}, '^ohlcv_', '') as bar_interval,
            {{ sent.datetime }} as event_at_text,
            {{ replayed_number(sent.open) }} as open_text,
            {{ replayed_number(sent.high) }} as high_text,
            {{ replayed_number(sent.low) }} as low_text,
            {{ replayed_number(sent.close) }} as close_text,
            {{ replayed_number(sent.volume) }} as volume_text
        from decoded
    ),

    typed as (
        select
            *,
            {{ replayed_time("event_at_text") }} as event_at,
            {{ exact_price("open_text") }} as open,
            {{ exact_price("high_text") }} as high,
            {{ exact_price("low_text") }} as low,
            {{ exact_price("close_text") }} as close,
            {{ exact_quantity("volume_text") }} as volume
        from texts
    )

select
    venue,
    symbol,
    bar_interval,
    open,
    high,
    low,
    close,
    volume,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or coalesce(bar_interval, '') = ''
            then 'missing_field'
            {% for field in fields %}
                when coalesce({{ sent[field] }}, '') = '' then 'missing_field'
            {% endfor %}
        end,
        {% for field in ["open", "high", "low", "close"] %}
            {{ price_problem(field ~ "_text", field) }},
        {% endfor %}
        {{ quantity_problem("volume_text", "volume") }},
        case
            when low <= 0 or volume < 0
            then 'not_positive'
            when low > least(open, close) or high < greatest(open, close)
            then 'bad_bar'
            when event_at is null
            then 'bad_time'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
