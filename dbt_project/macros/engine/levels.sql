{#
    Price levels as a venue writes them: [["61837.63", "3.78"], ...], price and quantity, perhaps more.
#}
{# Is the text a list of levels, each with a price above zero and a quantity of zero or above? #}
{% macro levels_are_sound(levels) -%}
    {{ return(adapter.dispatch("levels_are_sound")(levels)) }}
{%- endmacro %}

{% macro duckdb__levels_are_sound(levels) -%}
    coalesce(
        list_bool_and(
            list_transform(
                {{ duckdb__level_list(levels) }}, lambda level:{{ level_is_sound("level[1]", "level[2]") }}
            )
        ),
        len({{ duckdb__level_list(levels) }}) = 0,
        false
    )
{%- endmacro %}

{% macro snowflake__levels_are_sound(levels) -%}
    coalesce(
        array_size(
            filter(
                as_array(try_parse_json({{ levels }})),
                level -> not {{ level_is_sound("level[0]::varchar", "level[1]::varchar") }}
            )
        )
        = 0,
        false
    )
{%- endmacro %}

{% macro level_is_sound(price, quantity) -%}
    coalesce({{ exact_price(price) }} > 0 and {{ exact_quantity(quantity) }} >= 0, false)
{%- endmacro %}

{% macro duckdb__level_list(levels) -%} try(from_json({{ levels }}, '[["VARCHAR"]]')) {%- endmacro %}

{# One row per level of each message, with its place in the message. #}
{% macro book_levels(messages, levels) -%}
    {{ return(adapter.dispatch("book_levels")(messages, levels)) }}
{%- endmacro %}

{% macro duckdb__book_levels(messages, levels) -%}
    (
        select *, level[1] as price_text, level[2] as quantity_text
        from
            (
                select
                    *,
                    unnest({{ duckdb__level_list(levels) }}) as level,
                    generate_subscripts({{ duckdb__level_list(levels) }}, 1) - 1 as level_index
                from {{ messages }}
            ) as exploded
    ) as levels
{%- endmacro %}

{% macro snowflake__book_levels(messages, levels) -%}
    (
        select
            {{ messages }}.*,
            level.index as level_index,
            level.value[0]::varchar as price_text,
            level.value[1]::varchar as quantity_text
        from {{ messages }}, lateral flatten(input => parse_json({{ messages }}.{{ levels }})) as level
    ) as levels
{%- endmacro %}
