{#
    materialized: affected_keys - the heart of the project.

    A model rewrites the rows of the keys that new batches touched, in one transaction, nothing else:

        claim        pin building_through to where the parents stand; a claim left open is a failure
        affected     the keys that may be other than before: the model's own CTE, kept for the run
        ┌ delete     all rows of those keys, so that what a correction took away is gone
        │ insert     the rows of those keys as they are now, stamped batch_id = building_through;
        │            in slices, where a model says so (slices.sql)
        │ vanished   note what was deleted and not written again, for the children to look there too
        └ settle     built_through = building_through

    After any order, duplicates, lateness and cuts into batches the table equals a rebuild.
    A rebuild is the same with an empty table and every key affected (rebuild.sql): for --full-refresh,
    a missing table, or a parent that was rebuilt.

    A model's meta: `affected_key`, the columns by which rows are deleted; `traced`, the columns besides
    that children group by, where a key's rows can move under them; `keys_at_once`, how many keys a slice has.
#}
{% materialization affected_keys, adapter = "duckdb" %}
    {{ return(build_affected_keys(this.incorporate(type="table"))) }}
{% endmaterialization %}

{% materialization affected_keys, adapter = "snowflake" %}
    {% do end_what_failed() %} {{ return(build_affected_keys(this.incorporate(type="table"))) }}
{% endmaterialization %}

{% macro build_affected_keys(target) %}
    {% set query = split_query(target) %}
    {% if is_planning() %} {% do return(hand_over(target, plan_of_rewrite(target, query))) %} {% endif %}
    {{ run_hooks(pre_hooks) }}
    {% set state = model_state(target) %}
    {% if state.columns is not none and state.comments != comments_expected() %}
        {% for comment in set_comments(target) %} {% do send(comment) %} {% endfor %}
    {% endif %}
    {% set is_rebuild = must_rebuild(target, state) %}
    {% do claim(is_first=state.built_through is none) %}
    {% set query = with_numbers(query, is_rebuild) %}
    {% set rows = (
        rebuild(target, query, state.columns)
        if is_rebuild
        else rewrite(target, query, state.columns)
    ) %}
    {{ run_hooks(post_hooks) }}
    {% do store_raw_result("main", message="OK " ~ rows, code="OK", rows_affected=rows) %}
    {% do return({"relations": [target]}) %}
{% endmacro %}

{# Nothing affected: only settle. Nothing there before: nothing to delete. Returns the rows inserted. #}
{% macro rewrite(target, query, columns) %}
    {% set advice = "Rebuild it: dbt run --full-refresh --select " ~ model.name %}
    {% do assert_same_columns(target, columns, advice) %}
    {% set steps = {} %}
    {% set key_count = keep_affected(target, query.affected) %}
    {% if key_count > 0 %}
        {% set has_rows = save_rows_before(target) > 0 %}
        {% if has_rows %} {% do steps.update(delete=delete_affected(target)) %} {% endif %}
        {% do steps.update(inserts(target, query.rewritten, key_count)) %}
        {% if has_rows %}
            {% do steps.update(vanished=note_vanished(target, query.building_through)) %}
        {% endif %}
    {% endif %}
    {% do steps.update(settle=settle()) %}
    {% do return(in_one_transaction(steps)) %}
{% endmacro %}

{% macro rebuild(target, query, columns) %}
    {% set steps = {} %}
    {% if is_emptied_in_place(columns) %}
        {% do define([update_progress("built_through = 0")]) %} {% do steps.update(empty_in_place(target)) %}
    {% else %} {% do define(start_anew(target, columns) + comments_after(target)) %}
    {% endif %}
    {% set key_count = keep_affected(target, query.affected) %}
    {% do steps.update(inserts(target, query.rewritten, key_count, order=oldest_first())) %}
    {% do steps.update(settle=settle()) %}
    {% set descendants = descendants_of(model.unique_id) %}
    {% if descendants %} {% do steps.update(descendants=make_due(descendants)) %} {% endif %}
    {% do steps.update(no_longer_due=no_longer_due()) %}
    {% do return(in_one_transaction(steps)) %}
{% endmacro %}
