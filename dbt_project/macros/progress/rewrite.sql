{# The steps of the materialisation affected_keys. The story is told there. #}
{# The model's query in two: the keys it says are affected, and the rest with those keys read back. #}
{% macro split_query(target) %}
    {% set marks = affected_marks() %}
    {% if marks[0] not in sql %}
        {% do exceptions.raise_compiler_error(
            model.name
            ~ " does not say what it rewrites: begin it with {% call affected() %},"
            ~ " as macros/progress/affected.sql tells."
        ) %}
    {% endif %}
    {% set head, rest = sql.split(marks[0]) %}
    {% set affected, tail = rest.split(marks[1]) %}
    {% do return(
        {
            "affected": affected,
            "rewritten": head ~ "select * from affected_" ~ target.identifier ~ tail,
        }
    ) %}
{% endmacro %}

{# A table with other columns than the contract's cannot be rewritten key by key. #}
{% macro must_rebuild(target) %}
    {% set built_through, columns = run_query(model_state(target)).rows[0] %}
    {% if should_full_refresh() or not columns or not built_through %}
        {% do get_assert_columns_equivalent(sql) %} {% do return(true) %}
    {% endif %}
    {% set declared = model.columns.keys() | sort | join(" ") %}
    {% if declared != columns.split(" ") | sort | join(" ") %}
        {% do exceptions.raise_compiler_error(
            target
            ~ " has the columns "
            ~ columns
            ~ "; its contract says "
            ~ declared
            ~ ". Rebuild it: dbt run --full-refresh --select "
            ~ model.name
            ~ "+"
        ) %}
    {% endif %}
    {% do return(false) %}
{% endmacro %}

{% macro traced_columns() %}
    {% do return(config.get("meta").affected_key + config.get("meta").get("traced", [])) %}
{% endmacro %}

{# A new table, and a new note of what vanishes from it. #}
{% macro recreate_tables(target) %}
    {% set columns = [] %}
    {% for name in traced_columns() %}
        {% do columns.append(name ~ " " ~ model.columns[name].data_type) %}
    {% endfor %}
    {% do return(
        [
            "create or replace table " ~ target ~ get_table_columns_and_constraints(),
            "create or replace table " ~ vanished(target) ~ " (" ~ columns
            | join(", ") ~ ", batch_id bigint)",
        ]
    ) %}
{% endmacro %}

{# What stands under the affected keys before they are rewritten; returns how many rows. #}
{% macro save_rows_before(target) %}
    {% set rows_before %}
        select {{ traced_columns() | join(", ") }}
        from {{ target }}
        inner join affected_{{ target.identifier }} using ({{ config.get("meta").affected_key | join(", ") }})
    {% endset %}
    {% do return(create_temporary("before_" ~ target.identifier, rows_before)) %}
{% endmacro %}

{% macro delete_affected(target) %}
    {% set same_key = [] %}
    {% for key in config.get("meta").affected_key %}
        {% do same_key.append(target.identifier ~ "." ~ key ~ "=affected." ~ key) %}
    {% endfor %}
    {% do return(
        "delete from "
        ~ target
        ~ " using affected_"
        ~ target.identifier
        ~ " as affected where "
        ~ same_key
        | join(" and ")
    ) %}
{% endmacro %}

{% macro insert_affected(target, rewritten) -%}
    {% set columns = model.columns.keys() | join(", ") %}
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from ({{ rewritten }}) as rewritten
{%- endmacro %}

{% macro note_vanished(target) -%}
    {% set traced = traced_columns() | join(", ") %}
    insert into {{ vanished(target) }} ({{ traced }}, batch_id)
    select {{ traced }}, {{ building_through() }}
    from (
        select {{ traced }} from before_{{ target.identifier }}
        except
        select {{ traced }} from {{ target }} where batch_id = {{ building_through() }}
    ) as gone
{%- endmacro %}
