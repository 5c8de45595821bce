{{ config(materialized="settled_view") }}
{% set of_a_row = "partition by kafka_topic, row_key order by lsn" %}

with
    followed as (
        select
            *,
            lead(lsn) over ({{ of_a_row }}) as next_lsn,
            lead(op) over ({{ of_a_row }}) as next_op,
            lead(event_at) over ({{ of_a_row }}) as next_at
        from {{ ref("int_row_changes_deduplicated") }}
        where op <> 't'
    ),

    -- A table that was emptied, or read whole: what was there before, and has not been told of since, is
    -- gone.
    clearances as (
        select
            kafka_topic,
            lsn as cleared_lsn,
            min(event_at) as cleared_at,
            max(case when op = 't' then 'truncate' else 'missing' end) as cleared_by
        from {{ ref("int_row_changes_deduplicated") }}
        where op = 't' or is_snapshot
        group by kafka_topic, lsn
    ),

    ended as (
        select followed.*, cleared_lsn, cleared_at, cleared_by
        from followed
        left join
            clearances
            on followed.kafka_topic = clearances.kafka_topic
            and cleared_lsn > followed.lsn
            and (next_lsn is null or cleared_lsn < next_lsn)
        qualify
            row_number() over (
                partition by followed.kafka_topic, row_key, followed.lsn, op order by cleared_lsn
            )
            = 1
    )

select
    kafka_topic,
    venue,
    row_key,
    op,
    lsn,
    transaction_id,
    row_after,
    event_at as valid_from_at,
    case when cleared_lsn is null then next_at else cleared_at end as valid_to_at,
    case
        when cleared_lsn is not null
        then cleared_by
        when next_op = 'd'
        then 'delete'
        when next_op = 'r'
        then 'reread'
        when next_op is not null
        then 'update'
    end as ended_by,
    aged_at,
    topic_life,
    kafka_partition,
    first_offset,
    last_offset,
    batch_id
from ended
where op <> 'd'
