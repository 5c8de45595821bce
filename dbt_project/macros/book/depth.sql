{# How much stands within so many basis points of mid, and how it leans, level by level. #}
{% macro depth_bps() %} {% do return([1, 5, 10, 25, 50, 100]) %} {% endmacro %}
{% macro depth_levels() %} {% do return([1, 5, 10]) %} {% endmacro %}

{#
    The ring of a level around mid: the bps of the narrowest depth that it is in, below zero for an ask; NULL if
    it is in none. In whole numbers, so that nothing is rounded.
#}
{% macro ring_of_level() -%}
    {%- set reach = "cast(key as decimal(22, 10)) * 20000" -%}
    {%- set twice_mid = "cast(bid_price + ask_price as decimal(23, 10))" -%}
    case
        {% for bps in depth_bps() %}
            when key > 0 and {{ reach }} >= {{ twice_mid }} * {{ 10000 - bps }} then {{ bps }}
        {% endfor %}
        {% for bps in depth_bps() %}
            when key < 0 and {{ reach }} >= {{ twice_mid }} * -{{ 10000 + bps }} then -{{ bps }}
        {% endfor %}
    end
{%- endmacro %}

{# A depth is what is in its ring and in those within. #}
{% macro depth_columns() -%}
    {% for side in ["bid", "ask"] %}
        {% for bps in depth_bps() %}
            {%- set is_in = "ring between " ~ (
                "1 and " ~ bps if side == "bid" else "-" ~ bps ~ " and -1"
            ) -%}
            {% for measure in ["quantity", "notional"] %}
                cast(
                    sum(case when {{ is_in }} then {{ measure }} else 0 end) as decimal(38, 10)
                ) as {{ side }}_{{ measure }}_{{ bps }}bps {{- "," if not loop.last }}
            {% endfor %}
            {{- "," if not loop.last }}
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
