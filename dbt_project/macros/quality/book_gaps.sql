{#
    Changes of a book that are missing: spot's follow by number, futures name the one before. Nobody can be
    asked for them; the book is unknown until a snapshot that is no older than the gap.
#}
{% macro book_sequence_gaps(messages) -%}
    select {{ gap_columns("book_sequence", "'unfillable'", "case when has_snapshot then 'snapshot' end") }}
    from
        (
            select
                *,
                exists (
                    select 1
                    from {{ messages }} as snapshots
                    where
                        snapshots.kind = 'snapshot'
                        and snapshots.venue = neighbours.venue
                        and snapshots.symbol = neighbours.symbol
                        and snapshots.last_update_id >= neighbours.last_missing
                ) as has_snapshot
            from
                (
                    select
                        venue,
                        symbol,
                        lag(last_update_id) over {{ by_id("last_update_id, first_update_id") }}
                        + 1 as first_missing,
                        follows_update_id as last_missing,
                        lag(event_at) over {{ by_id("last_update_id, first_update_id") }} as gap_start_at,
                        event_at as gap_end_at,
                        published_at as first_seen_at,
                        batch_id
                    from {{ messages }}
                    where kind = 'diff'
                ) as neighbours
            where first_missing <= last_missing
        ) as gaps
{%- endmacro %}
