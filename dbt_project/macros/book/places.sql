{#
    Order in a book is the venue's own: by sequence, not by arrival. A place is the sequence and, where a
    snapshot and a change end at the same one, the change before the snapshot: the snapshot contains it.

    An epoch is what lies between two snapshots, and is named by the sequence of the first.
#}
{% macro book_place(sequence, kind) -%}
    {{ sequence }} * 2 + case {{ kind }} when 'snapshot' then 1 else 0 end
{%- endmacro %}

{# Books are kept whole (int_book_levels_checkpointed) at the first message of each such window. #}
{% macro checkpoint_seconds() %} {% do return(120) %} {% endmacro %}

{# Where epochs begin and end; what came before the first snapshot is one without a name. #}
{% macro book_snapshots(messages) -%}
    select
        venue, symbol, epoch, place, lead(place) over (partition by venue, symbol order by place) as end_place
    from
        (
            select venue, symbol, last_update_id as epoch, {{ book_place("last_update_id", "kind") }} as place
            from {{ messages }}
            where kind = 'snapshot'
            union
            select distinct venue, symbol, cast(null as bigint), cast(-1 as bigint)
            from touched
        ) as beginnings
{%- endmacro %}

{% macro with_book_epoch(messages) -%}
    select {{ messages }}.*, snapshots.epoch, snapshots.end_place
    from
        {{ messages }}
        {{
            asof_join(
                "snapshots",
                on=messages ~ ".venue = snapshots.venue and " ~ messages ~ ".symbol = snapshots.symbol",
                match=messages ~ ".place >= snapshots.place",
            )
        }}
{%- endmacro %}

{# The books that are other than they were: one after each message that was sequenced anew. #}
{% macro affected_books() -%}
    select distinct venue, symbol, epoch, sequence
    from
        {{ changed(ref("int_book_messages_sequenced"), ["venue", "symbol", "epoch", "sequence"]) }} as changed
    where epoch is not null
{%- endmacro %}

{#
    Those of them that are there now, read from the messages. Of a table that the same transaction made DuckDB
    has no statistics: it built its hash tables of all levels that there are.
#}
{% macro books_there(books) -%}
    select sequenced.venue, sequenced.symbol, sequenced.epoch, sequenced.sequence
    from {{ ref("int_book_messages_sequenced") }} as sequenced
    inner join {{ books }} using (venue, symbol, epoch, sequence)
    where {{ is_new("sequenced.batch_id") }} and sequenced.is_applied
{%- endmacro %}
