{#
    How a model says what it rewrites. It begins with a CTE that lists the keys whose rows may be
    other than they were; the rest of the query selects the rows of those keys as they are now:

        with
            {% call affected() %}
                select distinct venue, symbol, ... from {{ changed(ref("fct_trades"), [...]) }} as changed
            {% endcall %}
        select ... from {{ ref("fct_trades") }} inner join affected using (venue, symbol, ...)
#}
{% macro affected() -%}
    affected as ({{ affected_marks() | first }} {{ caller() }} {{ affected_marks() | last }})
{%- endmacro %}

{# The materialisation lifts out what stands between them. #}
{% macro affected_marks() %} {% do return(["/* affected: */", "/* :affected */"]) %} {% endmacro %}

{# What is new in a parent: rows it wrote, and traces of rows that were there and are gone. #}
{% macro changed(parent, columns) -%}
    (
        select {{ columns | join(", ") }}
        from {{ parent }}
        where {{ is_new() }}
        union all
        select {{ columns | join(", ") }}
        from {{ vanished(parent) }}
        where {{ is_new() }}
    )
{%- endmacro %}

{# Where a model notes what it deleted and did not write again. #}
{% macro vanished(relation) -%} ops.vanished_{{ relation.identifier }} {%- endmacro %}

{# The batches of a topic to decode: those that landed, and old ones that a replay names. #}
{% macro landed_batches(topic) -%}
    select batch_id as landed_batch_id
    from ops.batches
    where topic = '{{ topic }}' and kind <> 'replay' and {{ is_new() }}
    union
    select old.batch_id
    from ops.batches as replay
    inner join
        ops.batches as old
        on replay.topic = old.topic
        and old.batch_id between replay.replay_first_batch_id and replay.replay_last_batch_id
    where replay.topic = '{{ topic }}' and replay.kind = 'replay' and {{ is_new("replay.batch_id") }}
{%- endmacro %}
