{# How much stands within so many basis points of mid, and how it leans, level by level. #}
{% macro depth_bps() %} {% do return([1, 5, 10, 25, 50, 100]) %} {% endmacro %}
{% macro depth_levels() %} {% do return([1, 5, 10]) %} {% endmacro %}

{# A level, by its price and key, beside the best prices; in whole numbers, so that nothing is rounded. #}
{% macro is_within_bps(bps) -%}
    case
        when key > 0
        then cast(price as decimal(22, 10)) * 20000 >= {{ twice_mid() }} * {{ 10000 - bps }}
        else cast(price as decimal(22, 10)) * 20000 <= {{ twice_mid() }} * {{ 10000 + bps }}
    end
{%- endmacro %}
{% macro twice_mid() -%} cast(bid_price + ask_price as decimal(23, 10)) {%- endmacro %}

{% macro depth_columns() -%}
    {% for side, sign in {"bid": ">", "ask": "<"}.items() %}
        {% for bps in depth_bps() %}
            {%- set is_in = "key " ~ sign ~ " 0 and " ~ is_within_bps(bps) -%}
            cast(
                sum(case when {{ is_in }} then quantity else 0 end) as decimal(38, 10)
            ) as {{ side }}_quantity_{{ bps }}bps,
            cast(
                sum(
                    case when {{ is_in }} then {{ exact_product("price", "quantity") }} else 0 end
                ) as decimal(38, 10)
            ) as {{ side }}_notional_{{ bps }}bps {{- "," if not loop.last }}
        {% endfor %}
        {{- "," if not loop.last }}
    {% endfor %}
{%- endmacro %}

{% macro depth_column_names() %}
    {% set names = [] %}
    {% for side in ["bid", "ask"] %}
        {% for bps in depth_bps() %}
            {% do names.extend([side ~ "_quantity_" ~ bps ~ "bps", side ~ "_notional_" ~ bps ~ "bps"]) %}
        {% endfor %}
    {% endfor %}
    {% do return(names) %}
{% endmacro %}

{# Of the best n levels of a ladder's row, from -1 (all is offered) to 1 (all is bid). #}
{% macro imbalance_of_levels(n) -%}
    {%- set sides = {} -%}
    {%- for side in ["bid", "ask"] -%}
        {%- set levels = [] -%}
        {%- for number in range(n) -%}
            {%- do levels.append("coalesce(" ~ side ~ "_quantity_" ~ "%02d" | format(number) ~ ", 0)") -%}
        {%- endfor -%}
        {%- do sides.update({side: levels | join(" + ")}) -%}
    {%- endfor -%}
    {{ divide(sides.bid ~ " - (" ~ sides.ask ~ ")", sides.bid ~ " + " ~ sides.ask) }}
{%- endmacro %}
