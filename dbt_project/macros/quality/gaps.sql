{#
    Holes in a feed, each kind with the same columns (gap_columns): a row that is there, the one before it,
    and what lies between them and is missing. Both ends must be there: what was pruned is no hole.
#}
{% macro gap_columns(kind, state, filled_by="null") -%}
    venue,
    symbol,
    '{{ kind }}' as kind,
    first_missing,
    last_missing,
    last_missing - first_missing + 1 as missing_count,
    gap_start_at,
    gap_end_at,
    first_seen_at,
    {{ state }} as state,
    {{ filled_by }} as filled_by,
    batch_id
{%- endmacro %}

{# Numbers that no trade has. #}
{% macro trade_id_gaps(trades) -%}
    select {{ gap_columns("trade_ids", "'open'") }}
    from
        (
            select
                venue,
                symbol,
                lag(trade_id) over {{ by_id("trade_id") }} + 1 as first_missing,
                trade_id - 1 as last_missing,
                lag(event_at) over {{ by_id("trade_id") }} as gap_start_at,
                event_at as gap_end_at,
                published_at as first_seen_at,
                batch_id
            from {{ trades }}
        ) as neighbours
    where first_missing <= last_missing
{%- endmacro %}

{# Numbers that only REST brought, between numbers that the stream brought. #}
{% macro filled_trade_gaps(messages) -%}
    select {{ gap_columns("trade_ids", "'filled'", "'rest'") }}
    from
        (
            select
                venue,
                symbol,
                min(trade_id) as first_missing,
                max(trade_id) as last_missing,
                min(event_at) as gap_start_at,
                max(event_at) as gap_end_at,
                min(published_at) as first_seen_at,
                max(batch_id) as batch_id
            from {{ trades_in_runs(messages) }}
            where is_only_rest and trade_id > first_streamed and trade_id < last_streamed
            group by venue, symbol, run_id
        ) as runs
{%- endmacro %}

{# Trades by id; those without a break and of one origin share a run_id. #}
{% macro trades_in_runs(messages) -%}
    (
        select
            *,
            trade_id
            - row_number() over (partition by venue, symbol, is_only_rest order by trade_id) as run_id,
            min(case when not is_only_rest then trade_id end) over (
                partition by venue, symbol
            ) as first_streamed,
            max(case when not is_only_rest then trade_id end) over (
                partition by venue, symbol
            ) as last_streamed
        from
            (
                select
                    venue,
                    symbol,
                    trade_id,
                    min(case when is_from_rest then 1 else 0 end) = 1 as is_only_rest,
                    min(event_at) as event_at,
                    min(published_at) as published_at,
                    max(batch_id) as batch_id
                from {{ messages }}
                where rejected_reason is null
                group by venue, symbol, trade_id
            ) as trades
    ) as trades_in_runs
{%- endmacro %}

{% macro by_id(id) -%}(partition by venue, symbol order by {{ id }}) {%- endmacro %}
