{{ config(meta={"affected_key": ["venue", "symbol", "epoch"]}) }}
{% set messages = ref("int_book_messages_sequenced") %}

with
    {% call affected() %} {{ affected_epochs(messages) }} {% endcall %},

    snapshots as (
        select
            venue,
            symbol,
            epoch,
            batch_id,
            lead(epoch) over (partition by venue, symbol order by epoch) as next_epoch,
            lead(batch_id) over (partition by venue, symbol order by epoch) as next_batch_id
        from {{ messages }}
        where kind = 'snapshot'
    ),

    looked_at as (
        select
            venue,
            symbol,
            epoch,
            next_epoch,
            least(batch_id, coalesce(next_batch_id, batch_id)) as since_batch_id
        from snapshots
        inner join affected using (venue, symbol, epoch)
    ),

    needed as (
        select venue, symbol, epoch
        from looked_at
        union
        select venue, symbol, next_epoch
        from looked_at
    ),

    stretches as (
        select
            venue,
            symbol,
            epoch,
            min(kafka_topic) as kafka_topic,
            max(case when is_applied then sequence end) as last_sequence,
            max(case when is_applied then {{ seen_at() }} end) as last_seen_at,
            min(case when kind = 'snapshot' then {{ seen_at() }} end) as first_seen_at,
            min(follows_sequence) as first_follows_sequence,
            max(case when is_broken then 1 else 0 end) as broken_count,
            max(case when is_gap then 1 else 0 end) as gap_count,
            count(case when is_applied then 1 end) as message_count,
            {{ provenance_columns() }}
        from {{ messages }}
        inner join needed using (venue, symbol, epoch)
        where batch_id >= (select min(since_batch_id) from looked_at)
        group by venue, symbol, epoch
    )

select
    this_one.kafka_topic,
    looked_at.venue,
    looked_at.symbol,
    looked_at.epoch,
    looked_at.epoch as first_sequence,
    this_one.last_sequence,
    this_one.message_count,
    this_one.first_seen_at as started_at,
    this_one.last_seen_at as last_known_at,
    case
        when this_one.broken_count > 0
        then 'checksum'
        when this_one.gap_count > 0
        then 'gap'
        when next_one.first_follows_sequence > this_one.last_sequence
        then 'reconnect'
        when looked_at.next_epoch is not null
        then 'new_snapshot'
    end as end_reason,
    next_one.first_seen_at as known_again_at,
    case
        when this_one.gap_count > 0 or next_one.first_follows_sequence > this_one.last_sequence
        then {{ at_least(milliseconds_between("this_one.last_seen_at", "next_one.first_seen_at"), 0) }} / 1000
        when looked_at.next_epoch is not null
        then 0
    end as unknown_seconds,
    this_one.topic_life,
    this_one.kafka_partition,
    this_one.first_offset,
    this_one.last_offset,
    this_one.batch_id
from looked_at
inner join
    stretches as this_one
    on looked_at.venue = this_one.venue
    and looked_at.symbol = this_one.symbol
    and looked_at.epoch = this_one.epoch
left join
    stretches as next_one
    on looked_at.venue = next_one.venue
    and looked_at.symbol = next_one.symbol
    and looked_at.next_epoch = next_one.epoch
