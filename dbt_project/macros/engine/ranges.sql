{# Each row once for every whole number from `first` up to and without `end`; no row if there is none. #}
{% macro each_number(rows, first, end, name) -%}
    {{ return(adapter.dispatch("each_number")(rows, first, end, name)) }}
{%- endmacro %}

{% macro duckdb__each_number(rows, first, end, name) -%}
    (select *, unnest(range({{ first }}, {{ end }})) as {{ name }} from {{ rows }})
{%- endmacro %}

{% macro snowflake__each_number(rows, first, end, name) -%}
    (
        select {{ rows }}.*, cast(number.value as bigint) as {{ name }}
        from
            {{ rows }},
            lateral flatten(
                input => array_generate_range({{ rows }}.{{ first }}, {{ rows }}.{{ end }})
            ) as number
    )
{%- endmacro %}
