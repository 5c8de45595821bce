{#
    The venues whose books there are. What each model of staging must say, whatever the venue sends:

        kind                 snapshot, or diff: changes with absolute quantities, 0 removing a level
        last_update_id       the order of a symbol's messages, first_update_id .. last_update_id
        follows_update_id    what a change builds on; NULL: on whatever came before it. Of a snapshot: NULL
                             if it may continue what is known, itself if a connection began with it
        bids, asks           [["price", "quantity"], ...]
        rejected_reason      `bad_checksum` if the venue itself says that the book is not this any more
#}
{% macro book_feeds() %}
    {% do return(
        [
            {
                "topic": "binance.depth",
                "messages": "stg_binance__depth_messages",
                "levels": "stg_binance__depth_levels",
            },
            {
                "topic": "coinbase.books",
                "messages": "stg_coinbase__book_messages",
                "levels": "stg_coinbase__book_levels",
            },
            {
                "topic": "kraken.books",
                "messages": "stg_kraken__book_messages",
                "levels": "stg_kraken__book_levels",
            },
        ]
    ) %}
{% endmacro %}

{% macro is_usable_for_books() -%} coalesce(rejected_reason, 'bad_checksum') = 'bad_checksum' {%- endmacro %}

{# Of every feed these columns, and kafka_topic; `clause` is a join or a condition for each. #}
{% macro all_book_feeds(part, columns, clause="") -%}
    {% for feed in book_feeds() %}
        select '{{ feed.topic }}' as kafka_topic, {{ columns | join(", ") }}
        from {{ ref(feed[part]) }} {{ clause }} {{ "union all" if not loop.last }}
    {% endfor %}
{%- endmacro %}

{% macro all_book_levels() -%}
    {%- set message = ["landed_batch_id", "topic_life", "kafka_partition", "kafka_offset"] -%}
    {{ all_book_feeds("levels", message + ["kind", "side", "level_index", "price", "quantity"]) }}
    union all
    {{ kept_book_levels() }}
{%- endmacro %}

{# A venue that numbers nothing: a symbol has a partition, and its messages the order they have there. #}
{% macro place_in_kafka() -%}
    cast((topic_life * 1000 + kafka_partition) * 1000000000000 + kafka_offset as bigint)
{%- endmacro %}
