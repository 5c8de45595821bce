{#
    Data tests run every minute on tables that grow, so they look at what was written lately. The
    nightly audit looks at everything: dbt test --vars '{audit: full}'.
#}
{% macro recent() -%}
    {%- if var("audit", "recent") == "full" -%} true
    {%- else -%} batch_id > (select coalesce(max(batch_id), 0) - {{ var("recent_batches") }} from ops.batches)
    {%- endif -%}
{%- endmacro %}

{# dbt's hook for a test's `where`; dbt_project.yml sets it to `recent` for all tests. #}
{% macro get_where_subquery(relation) -%}
    (select * from {{ relation }} where {{ recent() }}) as tested
{%- endmacro %}

{# The whole table that a generic test stands at; its argument `model` is the recent part of it. #}
{% macro tested_table() -%}
    {%- if execute -%} {{ graph.nodes[model.attached_node].relation_name }} {%- endif -%}
{%- endmacro %}
