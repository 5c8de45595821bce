{{ config(meta={"affected_key": ["landed_batch_id"], "traced": ["venue", "symbol", "aged_at"]}) }}
{% set topic = "binance.tickers" %}
{# Column: the stream's name of it, REST's, and how many digits it may have before the point. #}
{% set amounts = {
    "price_change": ("p", "priceChange", 12),
    "price_change_pct": ("P", "priceChangePercent", 12),
    "vwap": ("w", "weightedAvgPrice", 12),
    "open": ("o", "openPrice", 12),
    "high": ("h", "highPrice", 12),
    "low": ("l", "lowPrice", 12),
    "close": ("c", "lastPrice", 12),
    "previous_close": ("x", "prevClosePrice", 12),
    "last_quantity": ("Q", "lastQty", 15),
    "bid_price": ("b", "bidPrice", 12),
    "ask_price": ("a", "askPrice", 12),
    "volume": ("v", "volume", 18),
    "notional": ("q", "quoteVolume", 18),
} %}
{# Futures have no previous close and no book here. #}
{% set optional = ["previous_close", "bid_price", "ask_price"] %}
{% set fields = ["E", "s", "symbol", "n", "count", "O", "openTime", "C", "closeTime"] %}
{% for stream, rest, digits in amounts.values() %} {% do fields.extend([stream, rest]) %} {% endfor %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "binance_tickers"), fields) }}),

    texts as (
        select
            *,
            coalesce({{ sent.s }}, {{ sent.symbol }}) as symbol,
            {% for column, (stream, rest, digits) in amounts.items() %}
                coalesce({{ sent[stream] }}, {{ sent[rest] }}) as {{ column }}_text,
            {% endfor %}
            {{ exact_integer("coalesce(" ~ sent.n ~ ", " ~ sent.count ~ ")") }} as trade_count,
            {{ exchange_time("coalesce(" ~ sent.O ~ ", " ~ sent.openTime ~ ")") }} as window_start_at,
            {{ exchange_time("coalesce(" ~ sent.C ~ ", " ~ sent.closeTime ~ ")") }} as window_end_at,
            {{ exchange_time("coalesce(" ~ sent.E ~ ", " ~ sent.closeTime ~ ")") }} as event_at
        from decoded
    ),

    typed as (
        select
            *
            {% for column, (stream, rest, digits) in amounts.items() %}
                , {{ exact_decimal(column ~ "_text", digits) }} as {{ column }}
            {% endfor %}
        from texts
    )

select
    venue,
    symbol,
    {{ amounts | join(", ") }},
    trade_count,
    window_start_at,
    window_end_at,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or trade_count is null
            then 'missing_field'
            {% for column in amounts if column not in optional %}
                when {{ column }}_text is null then 'missing_field'
            {% endfor %}
        end,
        {% for column, (stream, rest, digits) in amounts.items() %}
            case
                when {{ column }}_text is not null then {{ number_problem(column ~ "_text", column, digits) }}
            end,
        {% endfor %}
        case
            when window_start_at is null or window_end_at is null or event_at is null
            then 'bad_time'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
