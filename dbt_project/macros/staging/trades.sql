{#
    Why a venue's trade cannot be used; NULL if it can. `fields` are the venue's own names of trade id, price,
    quantity and time in `sent`; typed they are symbol, trade_id, price, quantity, taker_side and event_at.
#}
{% macro trade_problem(topic, sent, fields) -%}
    coalesce(
        {{ unreadable_reason() }},
        case
            when coalesce(symbol, '') = '' or taker_side is null
            then 'missing_field'
            {% for field in fields.values() %}
                when {{ sent[field] }} is null then 'missing_field'
            {% endfor %}
            when trade_id is null
            then 'not_a_number'
        end,
        {{ price_problem(sent[fields.price], "price") }},
        {{ quantity_problem(sent[fields.quantity], "quantity") }},
        case
            when price <= 0 or quantity <= 0
            then 'not_positive'
            when event_at is null
            then 'bad_time'
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    )
{%- endmacro %}
