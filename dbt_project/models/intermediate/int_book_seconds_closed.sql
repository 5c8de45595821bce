{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "window_start_at"]}) }}
{% set seconds = 1 %}

with
    {% call affected() %}
        select distinct venue, symbol, epoch, {{ time_bucket("event_at", seconds) }} as window_start_at
        from
            {{
                changed(
                    ref("int_book_messages_sequenced"), ["venue", "symbol", "epoch", "event_at"]
                )
            }} as changed
        where epoch is not null and event_at is not null
    {% endcall %}

select
    messages.venue,
    messages.symbol,
    messages.epoch,
    affected.window_start_at,
    max(messages.sequence) as sequence,
    count(*) as message_count,
    {{ provenance_columns() }}
from {{ ref("int_book_messages_sequenced") }} as messages
inner join
    affected
    on messages.epoch = affected.epoch
    and {{ is_in_affected_window("messages", "event_at", seconds) }}
where messages.is_applied and {{ is_within_affected_bounds("messages.event_at", seconds) }}
group by messages.venue, messages.symbol, messages.epoch, affected.window_start_at
