{# A layer's schema is named exactly as the layer: no `<target>_` in front of it. #}
{% macro generate_schema_name(custom_schema_name, node) %}
    {{- custom_schema_name | trim if custom_schema_name else target.schema -}}
{% endmacro %}
