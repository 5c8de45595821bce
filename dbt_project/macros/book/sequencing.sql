{#
    Which messages must be sequenced anew: each that is new or gone, and all behind it in its epoch, for
    what they follow is other than before. In the steady state nothing is behind.

    So within an epoch later messages are never of an earlier batch; since_batch_id, that of the nearest
    checkpoint in front, bounds what must be looked through.
#}
{% macro affected_book_messages(messages) -%}
    {%- set id = ["venue", "symbol", "kind", "first_sequence", "sequence", "landed_batch_id"] -%}
    {%- set columns = id | join(", ") -%}
    with
        touched as ({{ touched_book_messages(messages, id) }}),

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

{# What is new or gone in the messages, and what pruning took. #}
{% macro touched_book_messages(messages, id) -%}
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
    from {{ this }} as sequenced
    inner join ops.retention as retention on sequenced.kafka_topic = retention.topic
    where
        aged_at < retention.kept_from
        and landed_batch_id <= retention.as_of_batch_id
        and {{ is_new("retention.as_of_batch_id") }}
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
