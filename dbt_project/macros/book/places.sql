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

{#
    Which messages must be sequenced anew: each that is new or gone, and all behind it in its epoch, for
    what they follow is other than before. In the steady state nothing is behind.

    So within an epoch later messages are never of an earlier batch; since_batch_id, that of the nearest
    checkpoint in front, bounds what must be looked through.
#}
{% macro affected_book_messages(messages, topic) -%}
    {%- set id = ["venue", "symbol", "kind", "first_sequence", "sequence", "landed_batch_id"] -%}
    {%- set columns = id | join(", ") -%}
    with
        touched as ({{ touched_book_messages(messages, topic, id) }}),

        snapshots as ({{ book_snapshots(messages) }}),

        located as ({{ with_book_epoch("touched") }}),

        starts as (
            select venue, symbol, epoch, end_place, min(place) as from_place
            from located
            group by venue, symbol, epoch, end_place
        ),

        bounds as ({{ book_batch_bound() }})

    select
        {{ columns }},
        place as at_place,
        epoch as in_epoch,
        (select since_batch_id from bounds) as since_batch_id
    from located
    union
    select
        {% for column in id %} sequenced.{{ column }}, {% endfor %}
        sequenced.place,
        starts.epoch,
        bounds.since_batch_id
    from {{ this }} as sequenced
    cross join bounds
    inner join
        starts
        on sequenced.venue = starts.venue
        and sequenced.symbol = starts.symbol
        and sequenced.place >= starts.from_place
        and sequenced.place < coalesce(starts.end_place, 9223372036854775807)
    where sequenced.batch_id >= (select since_batch_id from bounds)
{%- endmacro %}

{# Where epochs begin and end; what came before the first snapshot is one without a name. #}
{% macro book_snapshots(messages) -%}
    select
        venue, symbol, epoch, place, lead(place) over (partition by venue, symbol order by place) as end_place
    from
        (
            select venue, symbol, last_update_id as epoch, {{ book_place("last_update_id", "kind") }} as place
            from {{ messages }}
            where kind = 'snapshot'
            union all
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

{# What is new or gone in the messages, and what pruning took. #}
{% macro touched_book_messages(messages, topic, id) -%}
    select distinct
        venue,
        symbol,
        kind,
        first_update_id as first_sequence,
        last_update_id as sequence,
        landed_batch_id,
        {{ book_place("last_update_id", "kind") }} as place
    from
        {{
            changed(
                messages,
                ["venue", "symbol", "kind", "first_update_id", "last_update_id", "landed_batch_id"],
            )
        }} as changed
    union
    select {{ id | join(", ") }}, place
    from {{ this }}
    where {{ is_pruned(topic) }} and {{ is_new(retention(topic, "as_of_batch_id")) }}
{%- endmacro %}

{# The batch of the nearest checkpoint in front of each start, the least of them; 0 if one has none. #}
{% macro book_batch_bound() -%}
    select case when min(has_checkpoint) = 1 then min(checkpoint_batch_id) else 0 end as since_batch_id
    from
        (
            select
                starts.venue,
                starts.symbol,
                starts.epoch,
                max(case when sequenced.batch_id is null then 0 else 1 end) as has_checkpoint,
                max_by(sequenced.batch_id, sequenced.place) as checkpoint_batch_id
            from starts
            left join
                (select venue, symbol, place, batch_id from {{ this }} where is_checkpoint) as sequenced
                on sequenced.venue = starts.venue
                and sequenced.symbol = starts.symbol
                and sequenced.place < starts.from_place
            group by starts.venue, starts.symbol, starts.epoch
        ) as nearest
{%- endmacro %}

{# The message in front of the affected ones of each epoch, as it was sequenced. #}
{% macro book_messages_before(affected) -%}
    select sequenced.*
    from {{ this }} as sequenced
    inner join
        (
            select venue, symbol, in_epoch, min(at_place) as from_place
            from {{ affected }}
            group by venue, symbol, in_epoch
        ) as starts
        on sequenced.venue = starts.venue
        and sequenced.symbol = starts.symbol
        and sequenced.epoch is not distinct from starts.in_epoch
        and sequenced.place < starts.from_place
    where sequenced.batch_id >= (select min(since_batch_id) from {{ affected }})
    qualify
        row_number() over (
            partition by starts.venue, starts.symbol, starts.in_epoch
            order by sequenced.place desc, sequenced.first_sequence desc
        )
        = 1
{%- endmacro %}

{# The books that are other than they were: one after each message that was sequenced anew. #}
{% macro affected_books() -%}
    select distinct venue, symbol, epoch, sequence
    from
        {{ changed(ref("int_book_messages_sequenced"), ["venue", "symbol", "epoch", "sequence"]) }} as changed
    where epoch is not null
{%- endmacro %}
