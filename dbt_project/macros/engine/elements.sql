{# One row per element of a list in a text, as text, with its place; one without both if there is none. #}
{% macro json_elements(messages, list) -%}
    {{ return(adapter.dispatch("json_elements")(messages, list)) }}
{%- endmacro %}

{% macro duckdb__json_elements(messages, list) -%}
    (
        select * exclude (elements, place), elements[place] as element, place - 1 as element_index
        from
            (
                select
                    *,
                    unnest(
                        case when len(elements) > 0 then range(1, len(elements) + 1) else [null] end
                    ) as place
                from
                    (
                        select *, try(from_json({{ list }}, '["JSON"]')) as elements from {{ messages }}
                    ) as listed
            ) as placed
    ) as json_elements
{%- endmacro %}

{% macro snowflake__json_elements(messages, list) -%}
    (
        select {{ messages }}.*, item.value::varchar as element, item.index as element_index
        from
            {{ messages }},
            lateral flatten(
                input => as_array(try_parse_json({{ messages }}.{{ list }})), outer => true
            ) as item
    ) as json_elements
{%- endmacro %}
