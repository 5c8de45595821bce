{#
    Why a venue's trade cannot be used; NULL if it can. `told` has the venue's own texts of trade id, price,
    quantity and time; typed they are trade_id, price, quantity and event_at, beside symbol and taker_side.
#}
{% macro trade_problem(topic, told) -%}
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or taker_side is null
            then 'missing_field'
            {% for text in told.values() %} when {{ text }} is null then 'missing_field' {% endfor %}
            when trade_id is null
            then 'not_a_number'
        end,
        {{ price_problem(told.price, "price") }},
        {{ quantity_problem(told.quantity, "quantity") }},
        case
            when price <= 0 or quantity <= 0
            then 'not_positive'
            when cast(price as double) * cast(quantity as double) >= 1e18
            then 'out_of_range'
            when event_at is null
            then 'bad_time'
            when {{ is_below_floor(topic, "event_at") }}
            then 'older_than_retention'
        end
    )
{%- endmacro %}
