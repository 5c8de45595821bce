{% set id = ["venue", "symbol", "kind", "first_sequence", "sequence", "landed_batch_id"] %}
{{ config(meta={"affected_key": id, "traced": ["epoch", "is_checkpoint", "event_at"]}) }}
{% set carried = [
    "kafka_topic",
    "is_broken",
    "event_at",
    "received_at",
    "published_at",
    "landed_at",
    "topic_life",
    "kafka_partition",
    "first_offset",
    "last_offset",
    "aged_at",
] %}
{% set in_order = "partition by venue, symbol, epoch order by place, first_sequence" %}
{% set columns = (id + ["follows_sequence", "place", "epoch"] + carried) | join(", ") %}

with
    {% call affected() %}
        {{ affected_book_messages(ref("int_depth_messages_deduplicated")) }}
    {% endcall %},

    messages as (
        select {{ columns }}, 1 as is_written, 1 as is_synced_before
        from (select *, at_place as place, in_epoch as epoch from affected) as affected
        inner join
            (
                select
                    *,
                    first_update_id as first_sequence,
                    last_update_id as sequence,
                    follows_update_id as follows_sequence
                from {{ ref("int_depth_messages_deduplicated") }}
            ) as messages using ({{ id | join(", ") }})
        union all
        select {{ columns }}, 0, case when is_synced then 1 else 0 end
        from ({{ book_messages_before("affected") }}) as messages_before
    ),

    linked as (
        select
            *,
            lag(sequence) over ({{ in_order }}) as previous_sequence,
            lag(aged_at) over ({{ in_order }}) as previous_aged_at
        from messages
    ),

    judged as (
        select
            *,
            coalesce(
                epoch is not null and (is_broken or follows_sequence > previous_sequence), false
            ) as is_gap,
            coalesce(sequence = previous_sequence, false) as is_repeated,
            previous_aged_at is null
            or {{ time_bucket("aged_at", checkpoint_seconds()) }}
            <> {{ time_bucket("previous_aged_at", checkpoint_seconds()) }} as is_checkpoint
        from linked
    ),

    followed as (
        select
            *,
            epoch is not null
            and min(case when is_gap then 0 else is_synced_before end) over (
                {{ in_order }} rows between unbounded preceding and current row
            )
            = 1 as is_synced
        from judged
    )

select
    {{ columns }},
    previous_sequence,
    is_gap,
    is_synced,
    is_synced and not is_repeated as is_applied,
    is_checkpoint,
    {{ building_through() }} as batch_id
from followed
where is_written = 1
