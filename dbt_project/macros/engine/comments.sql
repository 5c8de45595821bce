{#
    What the project says of a table and its columns, kept beside them, where DBeaver and its like look for it.
    Snowflake takes it with the definition, DuckDB afterwards. Both take it anew when the project's words change.
#}
{# On one line; a table in it becomes `name: meaning;`, without its heading. #}
{% macro comment_of(described) %}
    {% set said = [] %}
    {% for line in (described.description or "").splitlines() %}
        {% set line = line.strip() %}
        {% if line.startswith("|--") %} {% do said.pop() %}
        {% elif line.startswith("|") %} {% do said.append(line.strip("| ").replace(" | ", ": ") ~ ";") %}
        {% else %} {% do said.append(line) %}
        {% endif %}
    {% endfor %}
    {% do return(((said | join(" ")).split() | join(" ")).rstrip(";")) %}
{% endmacro %}

{% macro quoted_comment(described) %}
    {% do return(adapter.dispatch("quoted_comment")(described)) %}
{% endmacro %}
{% macro duckdb__quoted_comment(described) %}
    {% do return("'" ~ comment_of(described) | replace("'", "''") ~ "'") %}
{% endmacro %}
{% macro snowflake__quoted_comment(described) %}
    {% do return("'" ~ comment_of(described) | replace("\\", "\\\\") | replace("'", "''") ~ "'") %}
{% endmacro %}

{# One statement each, the table's own first. #}
{% macro set_comments(target) %}
    {% set statements = ["comment on " ~ target.type ~ " " ~ target ~ " is " ~ quoted_comment(model)] %}
    {% for name, column in model.columns.items() %}
        {% do statements.append(
            "comment on column " ~ target ~ "." ~ name ~ " is " ~ quoted_comment(column)
        ) %}
    {% endfor %}
    {% do return(statements) %}
{% endmacro %}

{# What follows a definition. #}
{% macro comments_after(target) %} {% do return(adapter.dispatch("comments_after")(target)) %} {% endmacro %}
{% macro duckdb__comments_after(target) %}
    {% do return([set_comments(target) | join(";\n")]) %}
{% endmacro %}
{% macro snowflake__comments_after(target) %} {% do return([]) %} {% endmacro %}

{# The columns of a new table, as the contract says. #}
{% macro columns_of_table() %} {% do return(adapter.dispatch("columns_of_table")()) %} {% endmacro %}
{% macro duckdb__columns_of_table() %} {% do return(get_table_columns_and_constraints()) %} {% endmacro %}
{% macro snowflake__columns_of_table() %}
    {% set columns = [] %}
    {% for name, column in model.columns.items() %}
        {% do columns.append(name ~ " " ~ column.data_type ~ " comment " ~ quoted_comment(column)) %}
    {% endfor %}
    {% do return(" (" ~ columns | join(", ") ~ ") comment = " ~ quoted_comment(model)) %}
{% endmacro %}

{# On Snowflake the columns' comments go by place, so the query gives them in the same order. #}
{% macro create_view(target) -%} {{ return(adapter.dispatch("create_view")(target)) }} {%- endmacro %}
{% macro duckdb__create_view(target) -%} create or replace view {{ target }} as {{ sql }}
{%- endmacro %}
{% macro snowflake__create_view(target) -%}
    create or replace view {{ target }} (
    {% for name, column in model.columns.items() -%}
        {{ name }} comment {{ quoted_comment(column) }} {{- "," if not loop.last }}
    {% endfor -%}
    )
    comment = {{ quoted_comment(model) }}
    as select {{ model.columns.keys() | join(", ") }} from ({{ sql }}) as described
{%- endmacro %}

{# As the warehouse has them: one text, to be compared with what the project says now. #}
{% macro comments_expected() %}
    {% set said = [comment_of(model)] %}
    {% for name in model.columns.keys() | sort %}
        {% do said.append(comment_of(model.columns[name])) %}
    {% endfor %}
    {% do return(said | join(" | ")) %}
{% endmacro %}
{% macro duckdb__comments_found(target) -%}
    select string_agg(coalesce(comment, ''), ' | ' order by name)
    from
        (
            select '' as name, comment
            from duckdb_tables()
            where schema_name = '{{ target.schema }}' and table_name = '{{ target.identifier }}'
            union all
            select lower(column_name), comment
            from duckdb_columns()
            where schema_name = '{{ target.schema }}' and table_name = '{{ target.identifier }}'
        ) as said
{%- endmacro %}
{% macro snowflake__comments_found(target) -%}
    select listagg(coalesce(comment, ''), ' | ') within group (order by name)
    from
        (
            select '' as name, comment
            from information_schema.tables
            where table_schema = upper('{{ target.schema }}') and table_name = upper('{{ target.identifier }}')
            union all
            select lower(column_name), comment
            from information_schema.columns
            where table_schema = upper('{{ target.schema }}') and table_name = upper('{{ target.identifier }}')
        ) as said
{%- endmacro %}
