{# The mid that leans to the side with less on it. #}
{% macro weighted_mid(bid_price, bid_quantity, ask_price, ask_quantity) -%}
    {{
        divide(
            exact_product(bid_price, ask_quantity) ~ " + " ~ exact_product(ask_price, bid_quantity),
            bid_quantity ~ " + " ~ ask_quantity,
        )
    }}
{%- endmacro %}
