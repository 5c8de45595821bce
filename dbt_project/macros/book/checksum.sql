{#
    Kraken's checksum of the ten best levels of each side: the digits of prices and quantities as it writes
    them, without the zeros in front, asks first, the best first.
#}
{% macro book_checksum(depth) -%}
    {%- set digits = [] -%}
    {%- for side in ["asks", "bids"] -%}
        {%- for number in range(depth) -%}
            {%- set price = "abs(" ~ level_item(side, number, "key") ~ ")" -%}
            {%- do digits.append(written_digits(price, "price_decimals")) -%}
            {%- do digits.append(
                written_digits(level_item(side, number, "quantity"), "quantity_decimals")
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ crc_of_digits("(" ~ digits | join(" || ") ~ ")") }}
{%- endmacro %}

{# A number as a whole one, so many decimals further; a level that is not there has no digits. #}
{% macro written_digits(number, decimals) -%}
    coalesce(
        cast(
            cast(
                cast({{ number }} as decimal(26, 10))
                * cast(power(10, {{ decimals }}) as decimal(11, 0)) as decimal(38, 0)
            ) as varchar
        ),
        ''
    )
{%- endmacro %}
