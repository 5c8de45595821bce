{% set id = ["venue", "symbol", "kind", "first_update_id", "last_update_id"] %}
{{ config(meta={"affected_key": id + ["landed_batch_id"], "traced": []}) }}
{% set columns = id + [
    "follows_update_id",
    "bids",
    "asks",
    "rejected_reason is not null as is_broken",
    "event_at",
    "received_at",
    "published_at",
    "landed_at",
    "aged_at",
    "topic_life",
    "kafka_partition",
    "kafka_offset",
    "landed_batch_id",
] %}
{% set of_affected %}
    inner join affected using ({{ id | join(", ") }}, landed_batch_id) where {{ is_usable_for_books() }}
{% endset %}

with
    {% call affected() %}
        {% for feed in book_feeds() %}
            select * from ({{ affected_ids(ref(feed.messages), id, is_usable_for_books()) }}) as ids
            union
        {% endfor %}
        {{ kept_book_ids() }}
    {% endcall %},

    messages as (
        {{ all_book_feeds("messages", columns, of_affected) }}
        union all
        {{ kept_book_messages() }}
    )

select
    kafka_topic,
    venue,
    symbol,
    kind,
    first_update_id,
    last_update_id,
    follows_update_id,
    bids,
    asks,
    is_broken,
    {{ message_count(id) }} as message_count,
    event_at,
    aged_at,
    {{ one_message_columns() }}
from messages
qualify {{ is_first_of(id) }}
