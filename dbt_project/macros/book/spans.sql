{#
    Books from changes, without walking through them one by one. Every model of books asks for some of
    the applied messages, `wanted` (venue, symbol, epoch, sequence); these CTEs follow:

        book_bases      where to begin, per epoch: the newest whole book before the first that is wanted
        book_messages   from there to the last that is wanted, counting those that are wanted
        book_changes    their levels, as key and quantity; the base's own are the first
        book_spans      which wanted messages, first_ordinal up to and without end_ordinal, a level lives
                        through with which quantity

    A key is a bid's price or an ask's price below zero, so that of either side the greater key is better.
#}
{% macro book_spans(wanted, checkpoints) -%}
    book_bases as ({{ book_bases(wanted) }}),

    book_messages as ({{ book_messages(wanted) }}),

    book_changes as ({{ book_changes(checkpoints) }}),

    book_spans as (
        select *
        from
            (
                select
                    book,
                    key,
                    quantity,
                    wanted_count,
                    first_ordinal,
                    coalesce(
                        lead(first_ordinal) over (partition by book, key order by sequence, level_index),
                        wanted_count + 1
                    ) as end_ordinal
                from book_changes
            ) as followed
        where quantity > 0 and end_ordinal > first_ordinal
    )
{%- endmacro %}

{% macro book_bases(wanted) -%}
    select
        row_number() over (order by venue, symbol, epoch) as book,
        venue,
        symbol,
        epoch,
        starts.until_sequence,
        sequenced.sequence as base_sequence,
        sequenced.kind = 'diff' as is_kept,
        sequenced.batch_id as base_batch_id
    from {{ ref("int_book_messages_sequenced") }} as sequenced
    inner join
        (
            select venue, symbol, epoch, min(sequence) as from_sequence, max(sequence) as until_sequence
            from {{ wanted }}
            group by venue, symbol, epoch
        ) as starts using (venue, symbol, epoch)
    where
        sequenced.is_checkpoint
        and sequenced.is_applied
        and (sequenced.kind = 'snapshot' or sequenced.sequence < starts.from_sequence)
    qualify row_number() over (partition by venue, symbol, epoch order by sequenced.sequence desc) = 1
{%- endmacro %}

{# Within an epoch later messages are never of an earlier batch, so the bases' bound what is read. #}
{% macro book_messages(wanted) -%}
    select
        book_bases.book,
        sequenced.*,
        book_bases.is_kept and sequenced.sequence = book_bases.base_sequence as is_base,
        wanted.sequence is not null as is_wanted,
        count(wanted.sequence) over (
            partition by book_bases.book
            order by sequenced.sequence
            rows between unbounded preceding and current row
        ) as wanted_so_far,
        count(wanted.sequence) over (partition by book_bases.book) as wanted_count
    from {{ ref("int_book_messages_sequenced") }} as sequenced
    inner join
        book_bases
        on sequenced.venue = book_bases.venue
        and sequenced.symbol = book_bases.symbol
        and sequenced.epoch = book_bases.epoch
        and sequenced.sequence >= book_bases.base_sequence
        and sequenced.sequence <= book_bases.until_sequence
    left join
        {{ wanted }} as wanted
        on sequenced.venue = wanted.venue
        and sequenced.symbol = wanted.symbol
        and sequenced.epoch = wanted.epoch
        and sequenced.sequence = wanted.sequence
    where sequenced.is_applied and sequenced.batch_id >= (select min(base_batch_id) from book_bases)
{%- endmacro %}

{% macro book_changes(checkpoints) -%}
    select
        messages.book,
        messages.sequence,
        levels.level_index,
        case levels.side when 'bid' then levels.price else - levels.price end as key,
        levels.quantity,
        messages.wanted_so_far + case when messages.is_wanted then 0 else 1 end as first_ordinal,
        messages.wanted_count
    from book_messages as messages
    inner join
        ({{ all_book_levels() }}) as levels
        on messages.kafka_topic = levels.kafka_topic
        and messages.landed_batch_id = levels.landed_batch_id
        and messages.topic_life = levels.topic_life
        and messages.kafka_partition = levels.kafka_partition
        and messages.first_offset = levels.kafka_offset
        and messages.kind = levels.kind
    where not messages.is_base
    union all
    select
        messages.book,
        messages.sequence,
        0,
        case levels.side when 'bid' then levels.price else - levels.price end,
        levels.quantity,
        1,
        messages.wanted_count
    from book_messages as messages
    inner join
        {{ checkpoints }} as levels
        on messages.venue = levels.venue
        and messages.symbol = levels.symbol
        and messages.epoch = levels.epoch
        and messages.sequence = levels.sequence
    where messages.is_base and levels.batch_id >= (select min(base_batch_id) from book_bases)
{%- endmacro %}
