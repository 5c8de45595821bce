{# The statement that makes a query a function of the warehouse; arguments and columns by name and type. #}
{% macro table_function(name, arguments, columns, query) %}
    {% do return(adapter.dispatch("table_function")(this.schema ~ "." ~ name, arguments, columns, query)) %}
{% endmacro %}

{% macro duckdb__table_function(name, arguments, columns, query) %}
    {# DuckDB gives a view's tables the name of the file that they are read from, but not a macro's: a copy of
    another name would not find them. #}
    {% set query = query | replace(this.include(schema=false, identifier=false) ~ ".", "") %}
    {% set signature = name ~ "(" ~ arguments.keys() | join(", ") ~ ")" %}
    {% do return("create or replace macro " ~ signature ~ " as table " ~ query) %}
{% endmacro %}

{% macro snowflake__table_function(name, arguments, columns, query) %}
    {% set signature = name ~ "(" ~ names_and_types(arguments) ~ ")" %}
    {% set returned = "returns table (" ~ names_and_types(columns) ~ ")" %}
    {% set body = "'" ~ query | replace("'", "''") ~ "'" %}
    {% do return("create or replace function " ~ signature ~ " " ~ returned ~ " as " ~ body) %}
{% endmacro %}

{% macro names_and_types(columns) %}
    {% set pairs = [] %}
    {% for name, type in columns.items() %} {% do pairs.append(name ~ " " ~ type) %} {% endfor %}
    {% do return(pairs | join(", ")) %}
{% endmacro %}
