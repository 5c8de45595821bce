{#
    Gaps in a feed, each kind with the same columns (gap_columns): a row that is there, the one before it,
    and what lies between them and is missing. Both ends must be there: what was pruned is no gap.
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

{# Numbers that no row has. Who was asked for them and has them not says so (a note `not_filled`). #}
{% macro missing_numbers(kind, rows, number, events) -%}
    select
        {{
            gap_columns(
                kind,
                "case when "
                ~ gap_text(kind)
                ~ " in (select detail from "
                ~ not_filled(events)
                ~ " as notes) then 'unfillable' else 'open' end",
            )
        }}
    from
        (
            select
                venue,
                symbol,
                lag({{ number }}) over {{ by_id(number) }} + 1 as first_missing,
                {{ number }} - 1 as last_missing,
                lag(event_at) over {{ by_id(number) }} as gap_start_at,
                event_at as gap_end_at,
                published_at as first_seen_at,
                batch_id
            from {{ rows }}
        ) as neighbours
    where first_missing <= last_missing
{%- endmacro %}

{% macro not_filled(events) -%}
    (
        select venue || ' ' || detail as detail
        from {{ events }}
        where rejected_reason is null and kind = 'not_filled'
    )
{%- endmacro %}

{# As ingest/feeds/binance/fill.py writes it, behind the venue. #}
{% macro gap_text(kind) -%}
    venue || ' {{ kind }} ' || symbol || ' ' || first_missing || ' ' || last_missing
{%- endmacro %}

{# Numbers that only REST brought, between numbers that the stream brought. #}
{% macro filled_numbers(kind, messages, number) -%}
    select {{ gap_columns(kind, "'filled'", "'rest'") }}
    from
        (
            select
                venue,
                symbol,
                min({{ number }}) as first_missing,
                max({{ number }}) as last_missing,
                min(event_at) as gap_start_at,
                max(event_at) as gap_end_at,
                min(first_seen_at) as first_seen_at,
                max(batch_id) as batch_id
            from {{ in_runs(messages, number) }}
            where is_only_rest and {{ number }} > first_streamed and {{ number }} < last_streamed
            group by venue, symbol, run_id
        ) as runs
{%- endmacro %}

{# Rows by number; those without a break and of one origin share a run_id. What came behind a gap showed it. #}
{% macro in_runs(messages, number) -%}
    (
        select
            *,
            {{ number }}
            - row_number() over (partition by venue, symbol, is_only_rest order by {{ number }}) as run_id,
            min(case when not is_only_rest then {{ number }} end) over (
                partition by venue, symbol
            ) as first_streamed,
            max(case when not is_only_rest then {{ number }} end) over (
                partition by venue, symbol
            ) as last_streamed,
            min(case when not is_only_rest then published_at end) over (
                partition by venue, symbol
                order by {{ number }}
                rows between 1 following and unbounded following
            ) as first_seen_at
        from
            (
                select
                    venue,
                    symbol,
                    {{ number }},
                    min(case when is_from_rest then 1 else 0 end) = 1 as is_only_rest,
                    min(event_at) as event_at,
                    min(published_at) as published_at,
                    max(batch_id) as batch_id
                from {{ messages }}
                where rejected_reason is null
                group by venue, symbol, {{ number }}
            ) as numbered
    ) as in_runs
{%- endmacro %}

{% macro by_id(id) -%}(partition by venue, symbol order by {{ id }}) {%- endmacro %}

{# Rows of one-minute bars, with their minutes as numbers: counted from 1970. #}
{% macro with_minutes(bars, time, is_wanted) -%}
    (
        select
            *,
            cast(
                floor({{ milliseconds_between("timestamp '1970-01-01'", time) }} / 60000) as bigint
            ) as minute_number
        from {{ bars }}
        where rejected_reason is null and {{ is_wanted }}
    )
{%- endmacro %}
