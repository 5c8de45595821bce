{# The mid that leans to the side with less on it. #}
{% macro weighted_mid(bid_price, bid_quantity, ask_price, ask_quantity) -%}
    {{
        divide(
            exact_product(bid_price, ask_quantity) ~ " + " ~ exact_product(ask_price, bid_quantity),
            bid_quantity ~ " + " ~ ask_quantity,
        )
    }}
{%- endmacro %}

{#
    What a change of the best prices says of demand and supply (Cont, Kukanov, Stoikov), in quantity:
    1[Pb>=Pb'] qb - 1[Pb<=Pb'] qb' - 1[Pa<=Pa'] qa + 1[Pa>=Pa'] qa'. A side that is not there says nothing.
#}
{% macro order_flow(now, before) -%}
    case when {{ now }}.bid_price >= {{ before }}.bid_price then {{ now }}.bid_quantity else 0 end
    - case when {{ now }}.bid_price <= {{ before }}.bid_price then {{ before }}.bid_quantity else 0 end
    - case when {{ now }}.ask_price <= {{ before }}.ask_price then {{ now }}.ask_quantity else 0 end
    + case when {{ now }}.ask_price >= {{ before }}.ask_price then {{ before }}.ask_quantity else 0 end
{%- endmacro %}
