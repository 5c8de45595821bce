{#
    What a model has built, as two batch numbers in ops.model_progress:

        built_through ──────────────▶ building_through
        what earlier runs settled     where its parents stand now

    Rows of its parents whose batch_id lies in (built_through, building_through] are new to it. Every
    row that it writes is stamped batch_id = building_through, so that its own children see it as new.
    A claim pins building_through; settling moves built_through up to it, in the transaction that wrote
    the rows. A claim that was never settled is a build that failed.
#}
{% macro progress(model_id, column) -%}
    {%- if is_planned(model_id) -%} {{ placeholder(column) }}
    {%- else -%} (select {{ column }} from ops.model_progress where model = '{{ model_id }}')
    {%- endif -%}
{%- endmacro %}

{# The stamp of every row that this run writes. #}
{% macro building_through() -%} {{ progress(model.unique_id, "building_through") }} {%- endmacro %}

{# True for the rows of a parent that this model has not built yet. #}
{% macro is_new(batch_id="batch_id") -%}
    {{ batch_id }} > {{ progress(model.unique_id, "built_through") }}
    and {{ batch_id }} <= {{ progress(model.unique_id, "building_through") }}
{%- endmacro %}

{# How far every parent has come: the newest batch for raw tables, the least of them all. #}
{% macro parents_built_through() -%}
    {%- set parents = [] -%}
    {%- for parent in model.depends_on.nodes -%}
        {%- if parent.startswith("source.") -%}
            {%- do parents.append("(select coalesce(max(batch_id), 0) from ops.batches)") -%}
        {%- else -%} {%- do parents.append("coalesce(" ~ progress(parent, "built_through") ~ ", 0)") -%}
        {%- endif -%}
    {%- endfor -%}
    {{- parents[0] if parents | length == 1 else "least(" ~ parents | join(", ") ~ ")" -}}
{%- endmacro %}

{# Pins what this run builds; committed at once. #}
{% macro claim(is_first) %}
    {% if is_first %}
        {% do send(
            "insert into ops.model_progress (model, built_through, building_through) select '"
            ~ model.unique_id
            ~ "', 0, "
            ~ parents_built_through()
        ) %}
    {% else %} {% do send(update_progress("building_through = " ~ parents_built_through())) %}
    {% endif %}
{% endmacro %}

{% macro settle() %}
    {% do return(update_progress("built_through = building_through, settled_at = " ~ utc_now())) %}
{% endmacro %}

{% macro update_progress(change) %}
    {% do return(
        "update ops.model_progress set " ~ change ~ " where model in ('" ~ model.unique_id ~ "')"
    ) %}
{% endmacro %}
