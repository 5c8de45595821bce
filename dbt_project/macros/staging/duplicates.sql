{#
    Several messages may carry the same id. The first in the log stands, also if it landed later; so a
    message that lands touches every message of its id, whenever that landed.

        with
            {% call affected() %} {{ affected_ids(ref("stg_..."), ["venue", "symbol", "trade_id"]) }} {% endcall %}
        select ... from {{ ref("stg_...") }} inner join affected using (venue, symbol, trade_id, landed_batch_id)
        where rejected_reason is null
        qualify {{ is_first_of(["venue", "symbol", "trade_id"]) }}

    The last id column is the one to search by: all history is looked through once, by that number
    alone. What was found is deleted and read by landed_batch_id, which skips the rest of history.
#}
{% macro affected_ids(messages, id, is_usable="rejected_reason is null") -%}
    {%- set columns = id + ["landed_batch_id"] -%}
    with
        touched as (
            select distinct {{ columns | join(", ") }}
            from {{ changed(messages, columns) }} as changed
            where {% for column in id %} {{ column }} is not null {{ "and" if not loop.last }} {% endfor %}
        ),

        same_number as {{ materialized() }} (
            select {{ columns | join(", ") }}
            from {{ messages }}
            where {{ is_usable }} and {{ id | last }} in (select {{ id | last }} from touched)
        )

    select {{ columns | join(", ") }}
    from touched
    union
    select {{ id | join(", ") }}, same_number.landed_batch_id
    from same_number
    inner join touched using ({{ id | join(", ") }})
{%- endmacro %}

{% macro is_first_of(id) -%}
    row_number() over (partition by {{ id | join(", ") }} order by topic_life, kafka_partition, kafka_offset)
    = 1
{%- endmacro %}

{% macro message_count(id) -%} count(*) over (partition by {{ id | join(", ") }}) {%- endmacro %}
