{# From the moment a connection is lost, or found silent, until it is back. What it missed, ids tell. #}
{% macro silences(events) -%}
    select
        venue,
        cast(null as varchar) as symbol,
        'silence' as kind,
        cast(null as bigint) as first_missing,
        cast(null as bigint) as last_missing,
        cast(null as bigint) as missing_count,
        event_at as gap_start_at,
        back_at as gap_end_at,
        published_at as first_seen_at,
        case when back_at is null then 'open' else 'unfillable' end as state,
        cast(null as varchar) as filled_by,
        batch_id
    from
        (
            select
                *,
                min(case when kind = 'connected' then event_at end) over (
                    partition by venue, connection
                    order by topic_life, kafka_partition, kafka_offset
                    rows between 1 following and unbounded following
                ) as back_at,
                lag(kind) over (
                    partition by venue, connection order by topic_life, kafka_partition, kafka_offset
                ) as kind_before
            from {{ events }}
            where rejected_reason is null and kind in ('connected', 'disconnected')
        ) as turns
    where kind = 'disconnected' and coalesce(kind_before, 'connected') = 'connected'
{%- endmacro %}

{# What retention took from Kafka before it was landed. #}
{% macro lost_offsets() -%}
    select
        cast(null as varchar) as venue,
        cast(null as varchar) as symbol,
        'lost_offsets' as kind,
        first_offset as first_missing,
        end_offset - 1 as last_missing,
        end_offset - first_offset as missing_count,
        cast(null as timestamp) as gap_start_at,
        cast(null as timestamp) as gap_end_at,
        noticed_at as first_seen_at,
        'unfillable' as state,
        cast(null as varchar) as filled_by,
        batch_id
    from ops.lost_ranges
{%- endmacro %}
