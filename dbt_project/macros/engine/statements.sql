{#
    What stands before the steps: on DuckDB the beginning of their transaction. Snowflake commits at each
    statement that defines something, so it is committed there.
#}
{% macro define(definitions) %} {% do adapter.dispatch("define")(definitions) %} {% endmacro %}
{% macro duckdb__define(definitions) %}
    {% for definition in definitions %} {% do adapter.add_query(definition) %} {% endfor %}
{% endmacro %}
{% macro snowflake__define(definitions) %}
    {% for definition in definitions %} {% do send(definition) %} {% endfor %}
{% endmacro %}

{# Runs the steps, named SQL, as one transaction; returns how many rows those named `insert...` inserted. #}
{% macro in_one_transaction(steps) %}
    {% do return(adapter.dispatch("in_one_transaction")(steps)) %}
{% endmacro %}

{% macro duckdb__in_one_transaction(steps) %}
    {% set rows = {"inserted": 0} %}
    {% for name, step in steps.items() %}
        {% set answer = adapter.add_query(step)[1] %}
        {% if name.startswith("insert") %}
            {% do rows.update(inserted=rows.inserted + answer.fetchone()[0]) %}
        {% endif %}
    {% endfor %}
    {% do adapter.commit() %}
    {% do return(rows.inserted) %}
{% endmacro %}

{% macro snowflake__in_one_transaction(steps) %}
    {% do send("begin") %}
    {% for name, step in steps.items() %}
        {% call statement(name, auto_begin=false) %} {{ step }} {% endcall %}
    {% endfor %}
    {% do send("commit") %}
    {% do return(load_result("insert").response.rows_affected if "insert" in steps else 0) %}
{% endmacro %}

{#
    A build that failed in this session has left its transaction open: dbt-snowflake rolls none back. What
    defines something would commit that half, so every build begins with the end of it.
#}
{% macro end_what_failed() %} {% do send("rollback") %} {% endmacro %}

{# Committed at once, without an answer. #}
{% macro send(query) %} {% do adapter.dispatch("send")(query) %} {% endmacro %}
{% macro duckdb__send(query) %} {% do adapter.add_query(query, auto_begin=false) %} {% endmacro %}
{% macro snowflake__send(query) %}
    {% call statement("sent", auto_begin=false) %} {{ query }} {% endcall %}
{% endmacro %}

{# DuckDB's own answer: the table that dbt makes of one costs more than most of our statements do. #}
{% macro first_row(query) %} {% do return(adapter.dispatch("first_row")(query)) %} {% endmacro %}
{% macro duckdb__first_row(query) %}
    {% do return(adapter.add_query(query, auto_begin=false)[1].fetchone()) %}
{% endmacro %}
{% macro snowflake__first_row(query) %} {% do return(run_query(query).rows[0]) %} {% endmacro %}

{% macro temporary_table(name, query) %}
    {% do return("create or replace temporary table " ~ name ~ " as " ~ query) %}
{% endmacro %}

{# Keeps a query's rows for this session; returns how many. #}
{% macro create_temporary(name, query) %}
    {% set created = first_row(temporary_table(name, query)) %}
    {% do return(adapter.dispatch("row_count")(name, created)) %}
{% endmacro %}
{% macro duckdb__row_count(name, created) %} {% do return(created[0]) %} {% endmacro %}
{% macro snowflake__row_count(name, created) %}
    {% do return(first_row("select count(*) from " ~ name)[0] | int) %}
{% endmacro %}

{# How far this model has built (none: never), whether a rebuild is due, its table's columns (none: no table)
   and comments. #}
{% macro model_state(target) %}
    {% set query %}
        select
            {{ progress(model.unique_id, "built_through") }},
            (select count(*) from ops.rebuilds_due where model = '{{ model.unique_id }}'),
            ({{ adapter.dispatch("column_names")(target) }}),
            ({{ adapter.dispatch("comments_found")(target) }})
    {% endset %}
    {% set built_through, due, columns, comments = first_row(query) %}
    {% do return(
        {"built_through": built_through, "is_due": due > 0, "columns": columns, "comments": comments}
    ) %}
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
