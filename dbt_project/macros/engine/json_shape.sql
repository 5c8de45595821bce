{# What a message is made of, whatever it says. #}
{# The names of a message's fields, and of those under `data`, as one text; NULL if it is malformed. #}
{% macro json_names(payload) -%} {{ return(adapter.dispatch("json_names")(payload)) }} {%- endmacro %}

{% macro duckdb__json_names(payload) -%}
    try(
        cast(json_keys({{ payload }}) as varchar)
        || coalesce(cast(json_keys({{ payload }}, '$.data') as varchar), '')
    )
{%- endmacro %}

{% macro snowflake__json_names(payload) -%}
    case
        when try_parse_json({{ payload }}) is not null
        then
            coalesce(array_to_string(object_keys(as_object(try_parse_json({{ payload }}))), ' '), '')
            || coalesce(array_to_string(object_keys(as_object(try_parse_json({{ payload }}):data)), ' '), '')
    end
{%- endmacro %}

{# Whether its fields can be told apart: what is nested a hundred times deep is no message of a feed. #}
{% macro json_is_readable(payload) -%}
    {{ return(adapter.dispatch("json_is_readable")(payload)) }}
{%- endmacro %}

{% macro duckdb__json_is_readable(payload) -%} try(json_structure({{ payload }})) is not null {%- endmacro %}

{% macro snowflake__json_is_readable(payload) -%} try_parse_json({{ payload }}) is not null {%- endmacro %}

{#
    One row per field of each row's message, however deep: its path, with [] for the elements of an array, and its
    type: text, number, boolean, null, array, object, or mixed.
#}
{% macro json_nodes(rows, payload) -%}
    {{ return(adapter.dispatch("json_nodes")(rows, payload)) }}
{%- endmacro %}

{# By what its elements have in common, a list of a thousand is one. #}
{% macro duckdb__json_nodes(rows, payload) -%}
    select
        {{ rows }}.*,
        regexp_replace(regexp_replace(node.fullkey, '[[][0-9]+[]]', '[]', 'g'), '^[$][.]?', '') as path,
        case
            when node.type <> 'VARCHAR'
            then lower(node.type)
            when node.atom ->> '$' = 'VARCHAR'
            then 'text'
            when node.atom ->> '$' = 'JSON'
            then 'mixed'
            when node.atom ->> '$' in ('BOOLEAN', 'NULL')
            then lower(node.atom ->> '$')
            else 'number'
        end as node_type
    from {{ rows }}, json_tree(try(json_structure({{ rows }}.{{ payload }}))) as node
    where node.fullkey <> '$'
{%- endmacro %}

{% macro snowflake__json_nodes(rows, payload) -%}
    select
        {{ rows }}.*,
        regexp_replace(node.path, '[[][0-9]+[]]', '[]') as path,
        case
            when typeof(node.value) = 'VARCHAR'
            then 'text'
            when typeof(node.value) in ('INTEGER', 'DECIMAL', 'DOUBLE')
            then 'number'
            when typeof(node.value) = 'NULL_VALUE'
            then 'null'
            else lower(typeof(node.value))
        end as node_type
    from
        {{ rows }},
        lateral flatten(input => try_parse_json({{ rows }}.{{ payload }}), recursive => true) as node
{%- endmacro %}
