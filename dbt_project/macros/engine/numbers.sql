{#
    Exchange text ─▶ exact numbers. Prices are below 10^12, quantities below 10^15, both with ten
    decimals at most; a trade's notional is below 10^18. What does not fit gives NULL, and
    `number_problem` says why. So sums of DECIMAL(38, 10) have room for 10^10 of the largest values.
#}
{% macro exact_price(text) -%} {{ exact_decimal(text, 12) }} {%- endmacro %}
{% macro exact_quantity(text) -%} {{ exact_decimal(text, 15) }} {%- endmacro %}

{% macro exact_decimal(text, integer_digits) -%}
    case
        when {{ matches(text, "-?0*[0-9]{1," ~ integer_digits ~ "}([.][0-9]{0,10}0*)?") }}
        then cast({{ text }} as decimal(38, 10))
        when {{ is_in_exponent_form(text) }}
        then
            {# Twenty decimals hold what such a text can say: no digit is lost on the way to ten. #}
            case
                when
                    try_cast({{ text }} as decimal(38, 20)) = try_cast({{ text }} as decimal(38, 10))
                    and abs(try_cast({{ text }} as decimal(38, 10))) < 1{{ "0" * integer_digits }}
                then try_cast({{ text }} as decimal(38, 10))
            end
    end
{%- endmacro %}

{# 9.417e-05, as pandas, JSON and some venues write it. What has more digits than this loses some in any case. #}
{% macro is_in_exponent_form(text) -%}
    {%- set small = "([.][0-9]{0,10}0*)?[eE]-0*(10|[0-9])" -%}
    {%- set large = "([.][0-9]{0,20})?[eE][+]?0*(1[0-7]|[0-9])" -%}
    {{ matches(text, "-?[0-9]{1,18}(" ~ small ~ "|" ~ large ~ ")") }}
{%- endmacro %}

{% macro exact_integer(text) -%}
    case when {{ matches(text, "0*[0-9]{1,18}") }} then cast({{ text }} as bigint) end
{%- endmacro %}

{# Why a text has no exact number: its reason as a rejected record. NULL where it has one. #}
{% macro price_problem(text, price) -%} {{ number_problem(text, price, 12) }} {%- endmacro %}
{% macro quantity_problem(text, quantity) -%} {{ number_problem(text, quantity, 15) }} {%- endmacro %}

{% macro number_problem(text, number, integer_digits) -%}
    case
        when {{ number }} is not null
        then null
        when not {{ matches(text, "-?[0-9]+([.][0-9]*)?([eE][-+]?[0-9]+)?") }}
        then 'not_a_number'
        when
            {{ matches(text, "-?0*[0-9]{" ~ (integer_digits + 1) ~ ",}([.][0-9]*)?") }}
            or (
                {{ matches(text, ".*[eE].*") }}
                and coalesce(abs(try_cast({{ text }} as double)), 1e300) >= power(10, {{ integer_digits }})
            )
        then 'out_of_range'
        else 'loses_digits'
    end
{%- endmacro %}

{# Does the whole text match the pattern? #}
{% macro matches(text, pattern) -%} {{ return(adapter.dispatch("matches")(text, pattern)) }} {%- endmacro %}
{% macro duckdb__matches(text, pattern) -%} regexp_full_match({{ text }}, '{{ pattern }}') {%- endmacro %}
{% macro snowflake__matches(text, pattern) -%} regexp_like({{ text }}, '{{ pattern }}') {%- endmacro %}

{#
    price * quantity, exact and then rounded half up at ten decimals, for numbers in the ranges above.
    Neither engine can multiply the two types as they are: DuckDB overflows, Snowflake cuts the scale.
    So the quantity is split: the price times its whole part is exact, only the rest is rounded.
#}
{% macro exact_product(price, quantity) -%}
    {{ return(adapter.dispatch("exact_product")(price, quantity)) }}
{%- endmacro %}

{% macro duckdb__exact_product(price, quantity) -%}
    cast(
        cast({{ price }} as decimal(22, 10))
        * cast(trunc({{ quantity }}) as decimal(15, 0)) as decimal(38, 10)
    ) + cast(
        cast({{ price }} as decimal(22, 10))
        * cast({{ quantity }} - trunc({{ quantity }}) as decimal(10, 10)) as decimal(38, 10)
    )
{%- endmacro %}

{# Whole numbers of 10^-10: Snowflake keeps at most twelve decimals of a product. #}
{% macro snowflake__exact_product(price, quantity) -%}
    {%- set rest -%}
        cast({{ price }} * 10000000000 as number(38, 0))
        * cast(({{ quantity }} - trunc({{ quantity }})) * 10000000000 as number(38, 0))
        + 5000000000
    {%- endset -%}
    cast(
        {{ price }} * cast(trunc({{ quantity }}) as number(15, 0))
        + ({{ rest }} - mod({{ rest }}, 10000000000)) * 0.0000000001 * 0.0000000001 as number(38, 10)
    )
{%- endmacro %}

{# Ratios are DOUBLE on both engines, and the last step; nothing is divided by zero. #}
{% macro divide(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{#
    The sum of DOUBLEs, whatever their order: each is made exact first, to 10^-24, and only the sum is a
    DOUBLE again. For values below 10^24; `over` makes it a sum over a frame.
#}
{% macro sum_of_doubles(value, over="") -%}
    (
        cast(sum(cast(trunc({{ value }}) as decimal(38, 0))) {{ over }} as double)
        + cast(sum(cast({{ value }} - trunc({{ value }}) as decimal(38, 24))) {{ over }} as double)
    )
{%- endmacro %}

{#
    A value within a bound. NULL stays NULL: greatest and least pass it over on DuckDB, and not on Snowflake.
#}
{% macro at_least(value, bound) -%}
    case when {{ value }} < {{ bound }} then {{ bound }} else {{ value }} end
{%- endmacro %}
{% macro at_most(value, bound) -%}
    case when {{ value }} > {{ bound }} then {{ bound }} else {{ value }} end
{%- endmacro %}

{# From the sums of values and of their squares, each weighted; `weight` is the sum of weights, `divisor`
   what the squared deviations are divided by. Never the root of less than zero. #}
{% macro standard_deviation(values, squares, weight, divisor) -%}
    sqrt({{ at_least(divide(squares ~ " - " ~ values ~ " * " ~ divide(values, weight), divisor), 0) }})
{%- endmacro %}
