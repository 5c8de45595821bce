{{
    config(
        meta={
            "affected_key": ["landed_batch_id"],
            "traced": ["venue", "symbol", "kind", "first_update_id", "last_update_id", "aged_at"],
        }
    )
}}
{% set topic = "kraken.books" %}
{% set at = "data[0]." %}
{% set fields = ["type", at ~ "symbol", at ~ "bids", at ~ "asks", at ~ "checksum", at ~ "timestamp"] %}
{% set sent = json_fields("message", fields) %}

with
    {% call affected() %} {{ landed_batches(topic) }} {% endcall %},

    -- As it was written: the checksum is of the digits.
    decoded as (
        {{
            decoded_messages(
                source("raw", "kraken_books"),
                fields,
                venue="kraken",
                payload=numbers_as_text("payload", ["price", "qty"]),
            )
        }}
    ),

    typed as (
        select
            *,
            {{ sent[at ~ "symbol"] }} as symbol,
            case {{ sent.type }} when 'snapshot' then 'snapshot' when 'update' then 'diff' end as kind,
            {{ place_in_kafka() }} as first_update_id,
            {{ level_pairs(sent[at ~ "bids"]) }} as bids,
            {{ level_pairs(sent[at ~ "asks"]) }} as asks,
            {{ kafka_header("dropped_bids") }} as dropped_bids,
            {{ kafka_header("dropped_asks") }} as dropped_asks,
            {{ exact_integer(sent[at ~ "checksum"]) }} as checksum,
            {{ kafka_header("checksum") }} as checksum_result,
            {{ exchange_time_of_text(sent[at ~ "timestamp"]) }} as event_at
        from decoded
    )

select
    venue,
    symbol,
    kind,
    first_update_id,
    first_update_id as last_update_id,
    case kind when 'snapshot' then first_update_id end as follows_update_id,
    bids,
    asks,
    dropped_bids,
    dropped_asks,
    checksum,
    checksum_result,
    {% for place in ["price", "quantity"] %}
        {%- set found = [most_decimals("bids", loop.index0), most_decimals("asks", loop.index0)] -%}
        {# As many as our numbers have, at most: what reckons with them has no room for more. #}
        {{ at_most("greatest(coalesce(" ~ found[0] ~ ", 0), coalesce(" ~ found[1] ~ ", 0))", 10) }}
        as {{ place }}_decimals,
    {% endfor %}
    {{ record_columns() }},
    coalesce(
        {{ unreadable_reason() }},
        case
            when
                coalesce(symbol, '') = ''
                or kind is null
                or coalesce({{ sent[at ~ "bids"] }}, {{ sent[at ~ "asks"] }}) is null
            then 'missing_field'
            when {{ sent[at ~ "checksum"] }} is not null and checksum is null
            then 'not_a_number'
            when {{ sent[at ~ "timestamp"] }} is not null and event_at is null
            then 'bad_time'
            when checksum_result = 'failed'
            then 'bad_checksum'
            {% for side in ["bids", "asks"] %}
                when {{ sent[at ~ side] }} is not null and not {{ levels_are_sound(side) }} then 'bad_levels'
            {% endfor %}
            when {{ is_below_floor(topic, aged_at()) }}
            then 'older_than_retention'
        end
    ) as rejected_reason,
    {{ building_through() }} as batch_id
from typed
where not {{ is_pruned(topic) }}
