{#
    Runs the steps, named SQL, as one transaction; returns how many rows each of them changed.
    Snowflake commits at each statement that defines something, so the definitions go first there.
#}
{% macro in_one_transaction(definitions, steps) %}
    {% do return(adapter.dispatch("in_one_transaction")(definitions, steps)) %}
{% endmacro %}

{% macro duckdb__in_one_transaction(definitions, steps) %}
    {% set changed = {} %}
    {% for definition in definitions %}
        {% call statement("definition") %} {{ definition }} {% endcall %}
    {% endfor %}
    {% for name, step in steps.items() %}
        {% call statement(name, fetch_result=true) %} {{ step }} {% endcall %}
        {% do changed.update({name: load_result(name).table.rows[0][0] | int}) %}
    {% endfor %}
    {% do adapter.commit() %}
    {% do return(changed) %}
{% endmacro %}

{% macro snowflake__in_one_transaction(definitions, steps) %}
    {% set changed = {} %}
    {% for definition in definitions + ["begin"] %} {% do run_query(definition) %} {% endfor %}
    {% for name, step in steps.items() %}
        {% call statement(name, auto_begin=false) %} {{ step }} {% endcall %}
        {% do changed.update({name: load_result(name).response.rows_affected}) %}
    {% endfor %}
    {% do run_query("commit") %}
    {% do return(changed) %}
{% endmacro %}

{% macro temporary_table(name, query) %}
    {% do return("create or replace temporary table " ~ name ~ " as " ~ query) %}
{% endmacro %}

{# Keeps a query's rows for this session; returns how many. #}
{% macro create_temporary(name, query) %}
    {% set created = run_query(temporary_table(name, query)) %}
    {% do return(adapter.dispatch("row_count")(name, created)) %}
{% endmacro %}
{% macro duckdb__row_count(name, created) %} {% do return(created.rows[0][0] | int) %} {% endmacro %}
{% macro snowflake__row_count(name, created) %}
    {% do return(run_query("select count(*) from " ~ name).rows[0][0] | int) %}
{% endmacro %}

{# How far this model has built (none: never), whether a rebuild is due, its table's columns (none: no table). #}
{% macro model_state(target) %}
    {% set query %}
        select
            {{ progress(model.unique_id, "built_through") }},
            (select count(*) from ops.rebuilds_due where model = '{{ model.unique_id }}'),
            ({{ adapter.dispatch("column_names")(target) }})
    {% endset %}
    {% set built_through, due, columns = run_query(query).rows[0] %}
    {% do return({"built_through": built_through, "is_due": due > 0, "columns": columns}) %}
{% endmacro %}
{% macro duckdb__column_names(target) -%}
    select string_agg(lower(column_name), ' ')
    from duckdb_columns()
    where schema_name = '{{ target.schema }}' and table_name = '{{ target.identifier }}'
{%- endmacro %}
{% macro snowflake__column_names(target) -%}
    select nullif(listagg(lower(column_name), ' '), '')
    from information_schema.columns
    where table_schema = upper('{{ target.schema }}') and table_name = upper('{{ target.identifier }}')
{%- endmacro %}

{% macro utc_now() -%} {{ return(adapter.dispatch("utc_now")()) }} {%- endmacro %}
{% macro duckdb__utc_now() -%} cast(now() at time zone 'UTC' as timestamp) {%- endmacro %}
{% macro snowflake__utc_now() -%} sysdate() {%- endmacro %}
