{#
    dbt compiles, the micro-batch run runs it. With the variable `plan` no model is built: its result is what
    building it would send, made by the macros that build it, with placeholders for what differs from build
    to build. orchestration/dbt/make_plan.py gathers the results; docs/turn.md tells how they are run.
#}
{% macro is_planning() %} {% do return(var("plan", false)) %} {% endmacro %}

{# A view reads its progress whenever somebody reads the view. #}
{% macro is_planned(model_id) %}
    {% set is_written = config.get("materialized") == "affected_keys" %}
    {% do return(is_planning() and is_written and model_id == model.unique_id) %}
{% endmacro %}

{# Nothing that SQL would take for its own, so that one left unfilled is an error. #}
{% macro placeholder(name) -%} <{{ name }}> {%- endmacro %}

{% macro hand_over(target, statements) %}
    {% do store_raw_result("main", message=tojson(statements), code="PLAN", rows_affected=0) %}
    {% do return({"relations": [target]}) %}
{% endmacro %}

{% macro plan_of_rewrite(target, query) %}
    {% do try_out(start_anew(target, none)) %}
    {% set affected, before = "affected_" ~ target.identifier, "before_" ~ target.identifier %}
    {% set slice = placeholder("slice") %}
    {% set insert = (
        insert_slice(target, query.rewritten, slice)
        if keys_at_once()
        else insert_affected(target, query.rewritten)
    ) %}
    {% do return(
        {
            "keep_affected": temporary_table(affected, in_slices(query.affected)),
            "save_before": temporary_table(before, rows_before(target)),
            "delete": delete_affected(target),
            "insert": insert,
            "keys_at_once": keys_at_once(),
            "note_vanished": note_vanished(target, building_through()),
            "start": start_anew(target, none) + comments_after(target),
            "start_order": oldest_first(),
            "comments": comments_expected(),
            "set_comments": set_comments(target) | join(";\n"),
        }
    ) %}
{% endmacro %}

{% macro plan_of_view(target) %}
    {% do try_out([create_view(target)]) %}
    {% set hooks = comments_after(target) %}
    {% for hook in post_hooks %} {% do hooks.append(render(hook.sql) | trim) %} {% endfor %}
    {% do return({"create": create_view(target), "hooks": hooks}) %}
{% endmacro %}
