{# A table in a text, [["-0.1", "5.2"], ...]: is each cell a finite number? #}
{% macro cells_are_numbers(cells) -%}
    {{ return(adapter.dispatch("cells_are_numbers")(cells)) }}
{%- endmacro %}

{% macro duckdb__cells_are_numbers(cells) -%}
    coalesce(
        list_bool_and(
            list_transform(
                flatten({{ duckdb__level_list(cells) }}), lambda cell:{{ finite_double("cell") }} is not null
            )
        ),
        false
    )
{%- endmacro %}

{% macro snowflake__cells_are_numbers(cells) -%}
    {%- set rows = "as_array(try_parse_json(" ~ cells ~ "))" -%}
    {# Only arrays of arrays can be flattened; all else is an error there. #}
    coalesce(
        case
            when array_size(filter({{ rows }}, cells -> as_array(cells) is null)) = 0
            then
                array_size(
                    filter(array_flatten({{ rows }}), cell -> {{ finite_double("cell::varchar") }} is null)
                )
                = 0
        end,
        false
    )
{%- endmacro %}

{# One row per row of that table, with its cells as texts: row_index, cell_0, cell_1, ... #}
{% macro rows_of_cells(messages, cells, width) -%}
    {{ return(adapter.dispatch("rows_of_cells")(messages, cells, width)) }}
{%- endmacro %}

{% macro duckdb__rows_of_cells(messages, cells, width) -%}
    (
        select * {% for place in range(width) %}, cells[{{ place + 1 }}] as cell_{{ place }} {% endfor %}
        from
            (
                select
                    *,
                    unnest({{ duckdb__level_list(cells) }}) as cells,
                    generate_subscripts({{ duckdb__level_list(cells) }}, 1) - 1 as row_index
                from {{ messages }}
            ) as exploded
    ) as rows_of_cells
{%- endmacro %}

{% macro snowflake__rows_of_cells(messages, cells, width) -%}
    (
        select
            {{ messages }}.*,
            cells.index as row_index
            {% for place in range(width) %}
                , cells.value[{{ place }}]::varchar as cell_{{ place }}
            {% endfor %}
        from {{ messages }}, lateral flatten(input => parse_json({{ messages }}.{{ cells }})) as cells
    ) as rows_of_cells
{%- endmacro %}
