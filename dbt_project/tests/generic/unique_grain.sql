{# No two rows share the columns. Recent rows are compared with all rows, not only with each other. #}
{% test unique_grain(model, columns) %}

    select {{ columns | join(", ") }}, count(*) as row_count
    from {{ tested_table() }}
    where ({{ columns | join(", ") }}) in (select ({{ columns | join(", ") }}) from {{ model }})
    group by {{ columns | join(", ") }}
    having count(*) > 1

{% endtest %}
