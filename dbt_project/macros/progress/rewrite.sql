{# The steps of the materialisation affected_keys. The story is told there. #}
{# The model's query in two: the keys it says are affected, and the rest with those keys read back. #}
{% macro split_query(target) %}
    {% set marks = affected_marks() %}
    {% if marks[0] not in sql %}
        {% do exceptions.raise_compiler_error(
            model.name ~ " does not say what it rewrites: macros/progress/affected.sql tells how."
        ) %}
    {% endif %}
    {% set head, rest = sql.split(marks[0]) %}
    {% set keys, tail = rest.split(marks[1]) %}
    {% do return({"affected": keys, "rewritten": head ~ read_back(target) ~ tail}) %}
{% endmacro %}

{% macro read_back(target) %} {% do return("select * from affected_" ~ target.identifier) %} {% endmacro %}

{#
    The query with its two batch numbers in it, once they are pinned. Snowflake leaves out the parts of a table
    that have no such batch where it is told a number, and reads all of them where it has to look it up.
#}
{% macro with_numbers(query, is_rebuild) %}
    {% set looked_up = {} %}
    {% for column in ("built_through", "building_through") %}
        {% do looked_up.update({column: progress(model.unique_id, column)}) %}
    {% endfor %}
    {% set numbers = first_row("select " ~ looked_up.values() | join(", ")) %}
    {% set built_through = 0 if is_rebuild else numbers[0] | int %}
    {% set building_through = numbers[1] | int %}
    {% set numbered = {"building_through": building_through} %}
    {% for part, text in query.items() %}
        {% set text = text | replace(looked_up.building_through, building_through) %}
        {% do numbered.update({part: text | replace(looked_up.built_through, built_through)}) %}
    {% endfor %}
    {% do return(numbered) %}
{% endmacro %}

{# A table with other columns than the contract's cannot be rewritten key by key. #}
{% macro assert_same_columns(target, columns, advice) %}
    {% set declared = model.columns.keys() | sort | join(" ") %}
    {% set found = columns.split(" ") | sort | join(" ") %}
    {% if declared != found %}
        {% do exceptions.raise_compiler_error(
            target ~ " has the columns " ~ found ~ "; its contract says " ~ declared ~ ". " ~ advice
        ) %}
    {% endif %}
{% endmacro %}

{% macro traced_columns() %}
    {% do return(config.get("meta").affected_key + config.get("meta").get("traced", [])) %}
{% endmacro %}

{# Keeps what stands under the affected keys before they are rewritten; returns how many rows. #}
{% macro save_rows_before(target) %}
    {% do return(create_temporary("before_" ~ target.identifier, rows_before(target))) %}
{% endmacro %}

{% macro rows_before(target) %}
    {% set rows %}
        select {{ traced_columns() | join(", ") }}
        from {{ target }}
        inner join affected_{{ target.identifier }} using ({{ config.get("meta").affected_key | join(", ") }})
    {% endset %}
    {% do return(rows) %}
{% endmacro %}

{% macro delete_affected(target) %}
    {% set same_key = [] %}
    {% for key in config.get("meta").affected_key %}
        {% do same_key.append(target.identifier ~ "." ~ key ~ "=affected." ~ key) %}
    {% endfor %}
    {% set affected = "affected_" ~ target.identifier ~ " as affected" %}
    {% do return("delete from " ~ target ~ " using " ~ affected ~ " where " ~ same_key | join(" and ")) %}
{% endmacro %}

{% macro insert_affected(target, rewritten) -%}
    {% set columns = model.columns.keys() | join(", ") %}
    insert into {{ target }} ({{ columns }})
    select {{ columns }} from ({{ rewritten }}) as rewritten
{%- endmacro %}

{% macro note_vanished(target, through) -%}
    {% set traced = traced_columns() | join(", ") %}
    insert into {{ vanished(target) }} ({{ traced }}, batch_id)
    select {{ traced }}, {{ through }}
    from (
        select {{ traced }} from before_{{ target.identifier }}
        except
        select {{ traced }} from {{ target }} where batch_id = {{ through }}
    ) as gone
{%- endmacro %}
