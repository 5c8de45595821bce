{# CRC32 of a text of digits, four bits at a time: a digit's byte is the digit, and 3 above it. #}
{% macro crc_of_digits(text) -%} {{ return(adapter.dispatch("crc_of_digits")(text)) }} {%- endmacro %}

{% macro duckdb__crc_of_digits(text) -%}
    {%- set with_digit = duckdb__crc_step("crc", "digit") -%}
    case
        when {{ text }} = ''
        then 0
        else
            xor(
                list_reduce(
                    list_transform(string_split({{ text }}, ''), lambda digit:cast(digit as bigint)),
                    lambda crc,
                    digit:{{ duckdb__crc_step("(" ~ with_digit ~ ")", "3") }},
                    cast(4294967295 as bigint)
                ),
                4294967295
            )
    end
{%- endmacro %}

{% macro duckdb__crc_step(crc, bits) -%}
    xor({{ crc }} >> 4, list_extract({{ crc_table() }}, (xor({{ crc }}, {{ bits }}) & 15) + 1))
{%- endmacro %}

{% macro snowflake__crc_of_digits(text) -%}
    {%- set with_digit = snowflake__crc_step("crc", "digit::integer") -%}
    bitxor(
        reduce(
            regexp_substr_all({{ text }}, '[0-9]'),
            4294967295,
            (crc, digit) -> {{ snowflake__crc_step(with_digit, "3") }}
        ),
        4294967295
    )
{%- endmacro %}

{% macro snowflake__crc_step(crc, bits) -%}
    bitxor(
        bitshiftright({{ crc }}, 4),
        get({{ crc_table() }}, bitand(bitxor({{ crc }}, {{ bits }}), 15))::integer
    )
{%- endmacro %}

{% macro crc_table() %}
    {% set values = [0, 498536548, 997073096, 651767980, 1994146192, 1802195444, 1303535960, 1342533948] %}
    {% set more = [3988292384, 4027552580, 3604390888, 3412177804, 2607071920, 2262029012, 2685067896] %}
    {% do return(values + more + [3183342108]) %}
{% endmacro %}
