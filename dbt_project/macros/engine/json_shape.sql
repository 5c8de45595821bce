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
    Whether there are few enough fields to look at each: to list them takes time by the square of their number,
    and a message of 1 MB can have 60,000. The largest message of a feed has a few dozen.
#}
{% macro json_has_few_fields(payload) -%}
    {{ return(adapter.dispatch("json_has_few_fields")(payload)) }}
{%- endmacro %}

{% macro duckdb__json_has_few_fields(payload) -%}
    length(cast(try(json_structure({{ payload }})) as varchar)) <= 16384
{%- endmacro %}

{# The two upper levels are counted; what is deeper, Snowflake flattens without holding it. #}
{% macro snowflake__json_has_few_fields(payload) -%}
    length({{ json_names(payload) }}) <= 16384
{%- endmacro %}

{# Of what is larger, not even the names are asked for. #}
{% macro json_is_small(payload) -%} length({{ payload }}) <= 4194304 {%- endmacro %}

{#
    One row per field of each row's message, however deep: its path, with [] for the elements of an array, and its
    type: text, number, boolean, null, array, object, or mixed. `kept` are the columns that come along: not the
    payload, which would be repeated for each field.
#}
{% macro json_nodes(rows, payload, kept) -%}
    {{ return(adapter.dispatch("json_nodes")(rows, payload, kept)) }}
{%- endmacro %}

{# By what its elements have in common, a list of a thousand is one. #}
{% macro duckdb__json_nodes(rows, payload, kept) -%}
    select
        {% for column in kept %} shaped.{{ column }}, {% endfor %}
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
    from
        (
            select {{ kept | join(", ") }}, try(json_structure({{ payload }})) as structure from {{ rows }}
        ) as shaped,
        json_tree(shaped.structure) as node
    where node.fullkey <> '$'
{%- endmacro %}

{% macro snowflake__json_nodes(rows, payload, kept) -%}
    select
        {% for column in kept %} {{ rows }}.{{ column }}, {% endfor %}
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
