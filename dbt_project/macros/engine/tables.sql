{#
    On Snowflake to define a table anew commits, so that readers see it empty until it is full again; and its
    grants go with it. A table that has the columns of its contract is emptied in the transaction that fills it.
#}
{% macro is_emptied_in_place(columns) %}
    {% do return(adapter.dispatch("is_emptied_in_place")(columns)) %}
{% endmacro %}
{% macro duckdb__is_emptied_in_place(columns) %} {% do return(false) %} {% endmacro %}
{% macro snowflake__is_emptied_in_place(columns) %}
    {% set declared = model.columns.keys() | sort | join(" ") %}
    {% do return(columns is not none and columns.split(" ") | sort | join(" ") == declared) %}
{% endmacro %}

{#
    What can be made again is transient: Snowflake keeps no older states of it for a week, which cost as much as
    the table each time that it changes. What has rows from before raw begins cannot be made again.
#}
{% macro kind_of_table() %} {% do return(adapter.dispatch("kind_of_table")()) %} {% endmacro %}
{% macro duckdb__kind_of_table() %} {% do return("table") %} {% endmacro %}
{% macro snowflake__kind_of_table() %}
    {% do return("table" if "keeps_days" in config.get("meta") else "transient table") %}
{% endmacro %}

{# How many keys are written at a time: Snowflake has more memory than a laptop, and its own disks. #}
{% macro keys_at_once() %} {% do return(adapter.dispatch("keys_at_once")()) %} {% endmacro %}
{% macro duckdb__keys_at_once() %} {% do return(config.get("meta").get("keys_at_once")) %} {% endmacro %}
{% macro snowflake__keys_at_once() %} {% do return(none) %} {% endmacro %}

{#
    On DuckDB a plan is made over a warehouse that is thrown away: there each model finds its parents' tables,
    empty, and has to keep its contract.
#}
{% macro try_out(definitions) %} {% do adapter.dispatch("try_out")(definitions) %} {% endmacro %}
{% macro duckdb__try_out(definitions) %}
    {% for definition in definitions %} {% do send(definition) %} {% endfor %}
    {% set through, building = placeholder("built_through"), placeholder("building_through") %}
    {% set number = "cast(0 as bigint)" %}
    {% do get_assert_columns_equivalent(sql | replace(through, number) | replace(building, number)) %}
{% endmacro %}
{% macro snowflake__try_out(definitions) %} {% endmacro %}

{# DuckDB otherwise merges the two steps, and reads three columns of all history instead of one. #}
{% macro materialized() -%} {{ return(adapter.dispatch("materialized")()) }} {%- endmacro %}
{% macro duckdb__materialized() -%} materialized {%- endmacro %}
{% macro snowflake__materialized() %} {% endmacro %}
