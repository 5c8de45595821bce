{#
    Replayed one-second books (fct_lob_levels_1s) beside our own. Each is whole and stands for itself: an epoch
    of one second, named by its number since 1970. The file's floating numbers are rounded to ten decimals.
#}
{% macro is_replayed() -%} kafka_topic = 'replay.second_books' {%- endmacro %}

{% macro affected_replayed_seconds() -%}
    {%- set window_start_at = time_bucket("event_at", 1) -%}
    select distinct
        venue,
        symbol,
        cast({{ milliseconds_between("timestamp '1970-01-01'", window_start_at) }} / 1000 as bigint) as epoch,
        {{ window_start_at }} as window_start_at
    from {{ changed(ref("fct_lob_levels_1s"), ["venue", "symbol", "event_at"]) }} as changed
{%- endmacro %}

{# The levels of the last book of each affected second. #}
{% macro levels_of_replayed_seconds() -%}
    select levels.*, affected.epoch, affected.window_start_at
    from ({{ replayed_levels() }}) as levels
    inner join affected on {{ is_in_affected_window("levels", "event_at", 1) }}
    where
        {{ is_within_affected_bounds("levels.event_at", 1) }}
        and affected.epoch
        = {{ milliseconds_between("timestamp '1970-01-01'", "affected.window_start_at") }} / 1000
    qualify
        levels.event_at
        = max(levels.event_at) over (partition by levels.venue, levels.symbol, affected.window_start_at)
{%- endmacro %}

{# Those with something on them, in the ranges of macros/engine/numbers.sql. #}
{% macro replayed_levels() -%}
    select
        'replay.second_books' as kafka_topic,
        venue,
        symbol,
        event_at,
        cast(case side when 'bid' then price else - price end as decimal(38, 10)) as key,
        cast(price as decimal(38, 10)) as price,
        cast(quantity as decimal(38, 10)) as quantity,
        topic_life,
        kafka_partition,
        first_offset,
        last_offset
    from {{ ref("fct_lob_levels_1s") }}
    where price > 0 and price < 1e12 and quantity > 0 and quantity < 1e15
{%- endmacro %}
