{#
    A rebuild starts from an empty table and from built_through = 0. What stands on the model cannot tell
    which rows are other than before, so its descendants are due for a rebuild, too (ops.rebuilds_due).
    A rebuild that fails stays due, the first one too. It begins a generation (ops.generations): who follows
    the rows by their batches begins anew, too.
#}
{% macro must_rebuild(target, state) %}
    {% set is_wanted = should_full_refresh() or state.columns is none or state.built_through is none %}
    {% if is_wanted %} {% do send(make_due([model.unique_id])) %} {% endif %}
    {% if not (is_wanted or state.is_due) %} {% do return(false) %} {% endif %}
    {# A model may read itself, also the first time. #}
    {% if state.columns is none %}
        {% do send("create " ~ kind_of_table() ~ " if not exists " ~ target ~ columns_of_table()) %}
    {% endif %}
    {% do get_assert_columns_equivalent(sql) %}
    {% do return(true) %}
{% endmacro %}

{#
    The tables anew: the model's own, and that of what vanishes from it. A model that keeps its rows longer
    than raw has their messages (meta: keeps_days) goes on with those from before the floor.
#}
{% macro start_anew(target, columns_before) %}
    {% set columns = [] %}
    {% for name in traced_columns() %}
        {% do columns.append(name ~ " " ~ model.columns[name].data_type) %}
    {% endfor %}
    {% set columns = columns | join(", ") %}
    {% do return(
        [
            update_progress("built_through = 0"),
            "delete from ops.generations where model in ('" ~ model.unique_id ~ "')",
            "insert into ops.generations values ('" ~ model.unique_id ~ "', " ~ utc_now() ~ ", 0)",
            emptied(target, columns_before),
            "create or replace "
            ~ kind_of_table()
            ~ " "
            ~ vanished(target)
            ~ " ("
            ~ columns
            ~ ", batch_id bigint)",
        ]
    ) %}
{% endmacro %}

{% macro emptied(target, columns_before) %}
    {% if "keeps_days" not in config.get("meta") or columns_before is none %}
        {% do return("create or replace " ~ kind_of_table() ~ " " ~ target ~ columns_of_table()) %}
    {% endif %}
    {% do assert_same_columns(
        target, columns_before, "Alter it: some of its rows have no messages to be made of again."
    ) %}
    {% do return(delete_what_is_made_again(target)) %}
{% endmacro %}

{% macro delete_what_is_made_again(target) %}
    {% set meta = config.get("meta") %}
    {% set of_messages = (
        " where not " ~ is_below_floor(meta.topic, meta.ages_by) if "keeps_days" in meta else ""
    ) %}
    {% do return("delete from " ~ target ~ of_messages) %}
{% endmacro %}

{% macro empty_in_place(target) %}
    {% do return(
        {
            "empty": delete_what_is_made_again(target),
            "empty_vanished": "delete from " ~ vanished(target),
        }
    ) %}
{% endmacro %}

{# So that who asks for a day later reads the blocks of that day, not all of them. #}
{% macro oldest_first() %}
    {% set age = config.get("meta").get("ages_by") %} {% do return(" order by " ~ age if age else "") %}
{% endmacro %}

{% macro make_due(model_ids) %}
    {% do return("insert into ops.rebuilds_due values ('" ~ model_ids | join("'), ('") ~ "')") %}
{% endmacro %}

{% macro no_longer_due() %}
    {% do return("delete from ops.rebuilds_due where model in ('" ~ model.unique_id ~ "')") %}
{% endmacro %}

{% macro descendants_of(model_id) %}
    {% set found = [model_id] %}
    {# The list grows under its own loop: each model found is asked for its children in turn. #}
    {% for ancestor in found %}
        {% for node in graph.nodes.values() if node.resource_type == "model" %}
            {% if ancestor in node.depends_on.nodes and node.unique_id not in found %}
                {% do found.append(node.unique_id) %}
            {% endif %}
        {% endfor %}
    {% endfor %}
    {# A view holds no rows that could be other than before. #}
    {% set tables = [] %}
    {% for found_id in found[1:] if graph.nodes[found_id].config.materialized != "settled_view" %}
        {% do tables.append(found_id) %}
    {% endfor %}
    {% do return(tables) %}
{% endmacro %}
