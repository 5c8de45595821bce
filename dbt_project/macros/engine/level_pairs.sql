{# Levels as other venues write them, in the form of levels.sql; NULL for what is no list of such. #}
{# [{"price": "45283.5", "qty": "0.1"}, ...] #}
{% macro level_pairs(levels) -%} {{ return(adapter.dispatch("level_pairs")(levels)) }} {%- endmacro %}

{% macro duckdb__level_pairs(levels) -%}
    cast(
        to_json(
            list_transform(
                try(from_json({{ levels }}, '[{"price":"VARCHAR","qty":"VARCHAR"}]')),
                lambda level:[level.price, level.qty]
            )
        ) as varchar
    )
{%- endmacro %}

{% macro snowflake__level_pairs(levels) -%}
    to_json(
        transform(
            as_array(try_parse_json({{ levels }})),
            level -> array_construct(level:price::varchar, level:qty::varchar)
        )
    )
{%- endmacro %}

{# [["buy", "45283.5", "0.1"], ...]: those of one side. One that has neither side makes no pair of numbers. #}
{% macro pairs_of_side(changes, side) -%}
    {{ return(adapter.dispatch("pairs_of_side")(changes, side)) }}
{%- endmacro %}

{% macro duckdb__pairs_of_side(changes, side) -%}
    cast(
        to_json(
            list_transform(
                list_filter(
                    {{ duckdb__level_list(changes) }},
                    lambda change:coalesce(change[1] = '{{ side }}' or change[1] not in ('buy', 'sell'), true)
                ),
                lambda change: case when change[1] = '{{ side }}' then change[2:3] else [] end
            )
        ) as varchar
    )
{%- endmacro %}

{% macro snowflake__pairs_of_side(changes, side) -%}
    to_json(
        transform(
            filter(
                as_array(try_parse_json({{ changes }})),
                change -> coalesce(
                    change[0]::varchar = '{{ side }}' or change[0]::varchar not in ('buy', 'sell'), true
                )
            ),
            change -> case
                when change[0]::varchar = '{{ side }}'
                then array_construct(change[1]::varchar, change[2]::varchar)
                else array_construct()
            end
        )
    )
{%- endmacro %}

{# The most decimals that any of the prices (place 0) or quantities (1) of such a list is written with. #}
{% macro most_decimals(levels, place) -%}
    {{ return(adapter.dispatch("most_decimals")(levels, place)) }}
{%- endmacro %}

{% macro duckdb__most_decimals(levels, place) -%}
    list_max(
        list_transform(
            {{ duckdb__level_list(levels) }},
            lambda level:{{ written_decimals("level[" ~ (place + 1) ~ "]") }}
        )
    )
{%- endmacro %}

{% macro snowflake__most_decimals(levels, place) -%}
    array_max(
        transform(
            as_array(try_parse_json({{ levels }})),
            level -> {{ written_decimals("level[" ~ place ~ "]::varchar") }}
        )
    )::integer
{%- endmacro %}

{# Of 1.50 two, of 1.5e-3 four. #}
{% macro written_decimals(number) -%}
    {%- set decimals -%}
        length(regexp_replace(regexp_replace({{ number }}, '[eE].*$', ''), '^[^.]*[.]?', ''))
        - coalesce(try_cast(regexp_replace({{ number }}, '^[^eE]*[eE]?', '') as integer), 0)
    {%- endset -%}
    {{ at_least(decimals, 0) }}
{%- endmacro %}
