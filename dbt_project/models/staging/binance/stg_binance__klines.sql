{{
    config(
        meta={
            "affected_key": ["landed_batch_id"],
            "traced": ["venue", "symbol", "window_start_at", "aged_at"],
        }
    )
}}
{% set topic = "binance.klines" %}
{# The stream's names, and where REST, which sends an array, has the same. #}
{% set places = {
    "t": "[0]",
    "o": "[1]",
    "h": "[2]",
    "l": "[3]",
    "c": "[4]",
    "v": "[5]",
    "T": "[6]",
    "q": "[7]",
    "n": "[8]",
    "V": "[9]",
    "Q": "[10]",
} %}
{% set prices = {"open": "o", "high": "h", "low": "l", "close": "c"} %}
{% set amounts = {"volume": "v", "notional": "q", "taker_buy_volume": "V", "taker_buy_notional": "Q"} %}
{% set fields = ["E", "s", "k.i", "k.f", "k.L", "k.x"] %}
{% for name, place in places.items() %} {% do fields.extend(["k." ~ name, place]) %} {% endfor %}
{% set sent = json_fields("message", fields) %}
{% set value = {} %}
{% for name, place in places.items() %}
    {% do value.update({name: "coalesce(" ~ sent["k." ~ name] ~ ", " ~ sent[place] ~ ")"}) %}
{% endfor %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    decoded as ({{ decoded_messages(source("raw", "binance_klines"), fields) }}),

    typed as (
        select
            *,
            coalesce({{ sent.s }}, {{ kafka_header("symbol") }}) as symbol,
            coalesce({{ sent["k.i"] }}, '1m') as kline_interval,
            {{ exchange_time(value.t) }} as window_start_at,
            {{ exchange_time(value.T, ahead="32 days") }} as last_instant_at,
            coalesce({{ exchange_time(sent.E) }}, {{ exchange_time(value.T, ahead="32 days") }}) as event_at,
            {% for column, name in prices.items() %}
                {{ exact_price(value[name]) }} as {{ column }},
            {% endfor %}
            {% for column, name in amounts.items() %}
                {{ exact_decimal(value[name], 18) }} as {{ column }},
            {% endfor %}
            {{ exact_integer(value.n) }} as trade_count,
            {{ exact_integer(sent["k.f"]) }} as first_trade_id,
            {{ exact_integer(sent["k.L"]) }} as last_trade_id
        from decoded
    )

select
    venue,
    symbol,
    kline_interval,
    window_start_at,
    last_instant_at + interval '1 millisecond' as window_end_at,
    {{ (prices | list + amounts | list) | join(", ") }},
    trade_count,
    first_trade_id,
    last_trade_id,
    case
        {{ sent["k.x"] }} when 'true' then true when 'false' then false else last_instant_at < received_at
    end as is_closed,
    {{ sent["[0]"] }} is not null as is_from_rest,
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            {% for name in places %} when {{ value[name] }} is null then 'missing_field' {% endfor %}
            when coalesce(symbol, '') = ''
            then 'missing_field'
            when trade_count is null
            then 'not_a_number'
        end,
        {% for column, name in prices.items() %} {{ price_problem(value[name], column) }}, {% endfor %}
        {% for column, name in amounts.items() %} {{ number_problem(value[name], column, 18) }}, {% endfor %}
        case
            when low <= 0
            then 'not_positive'
            when low > least(open, close) or high < greatest(open, close)
            then 'bad_bar'
            when window_start_at is null or last_instant_at is null or window_start_at > last_instant_at
            then 'bad_time'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
