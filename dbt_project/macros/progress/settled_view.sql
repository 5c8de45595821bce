{#
    materialized: settled_view - a view that keeps its place in ops.model_progress, so that the loop and
    the checks see it built like any other model. It is always as new as its parents.
#}
{% materialization settled_view, adapter = "duckdb" %}
    {{ return(build_settled_view(this.incorporate(type="view"))) }}
{% endmaterialization %}

{% materialization settled_view, adapter = "snowflake" %}
    {% do end_what_failed() %} {{ return(build_settled_view(this.incorporate(type="view"))) }}
{% endmaterialization %}

{% macro build_settled_view(target) %}
    {% if is_planning() %} {% do return(hand_over(target, plan_of_view(target))) %} {% endif %}
    {{ run_hooks(pre_hooks) }}
    {% do get_assert_columns_equivalent(sql) %}
    {% do claim(is_first=model_state(target).built_through is none) %}
    {% call statement("main", auto_begin=false) %} {{ create_view(target) }} {% endcall %}
    {% for comments in comments_after(target) %}
        {% do in_one_transaction({"comments": comments}) %}
    {% endfor %}
    {% do send(settle()) %}
    {% if post_hooks %} {{ run_hooks(post_hooks) }} {% do adapter.commit() %} {% endif %}
    {% do return({"relations": [target]}) %}
{% endmacro %}
