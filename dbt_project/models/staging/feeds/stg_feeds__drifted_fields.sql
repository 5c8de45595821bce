{{ config(meta={"affected_key": ["landed_batch_id"]}) }}
{% set place = "kafka_topic, venue, channel, window_start_at, topic_life, kafka_partition, landed_batch_id" %}

with
    {% call affected() %}
        {% for topic in known_fields() %}
            select * from ({{ landed_batches(topic) }}) as batches {{ "union all" if not loop.last }}
        {% endfor %}
    {% endcall %},

    known as ({{ known_fields_as_rows() }}),

    messages as (
        {% for topic in known_fields() %}
            select
                '{{ topic }}' as kafka_topic,
                coalesce({{ kafka_header("venue") }}, '') as venue,
                coalesce({{ kafka_header("channel") }}, '') as channel,
                {{ time_bucket("published_at", 3600) }} as window_start_at,
                topic_life,
                kafka_partition,
                kafka_offset,
                published_at,
                landed_batch_id,
                payload,
                case when {{ json_is_small("payload") }} then {{ json_names("payload") }} else '' end as names
            from {{ source("raw", topic | replace(".", "_")) }} as raw
            inner join affected on raw.batch_id = affected.landed_batch_id
            where
                payload is not null and not {{ is_below_floor(topic, time_bucket("published_at", 3600)) }}
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    {# Of the messages of a batch whose fields have the same names, the first is looked at closer. #}
    examples as (
        select
            {{ place }},
            row_number() over (order by {{ place }}, names) as shape,
            min_by(payload, kafka_offset) as example,
            count(*) as message_count,
            min(kafka_offset) as first_offset,
            max(kafka_offset) as last_offset,
            min(published_at) as first_seen_at,
            max(published_at) as last_seen_at
        from messages
        where names is not null
        group by {{ place }}, names
    ),

    {# One message may hold 60,000 fields: what is beyond bounds is said, and not looked into. #}
    measured as (
        select
            *,
            case
                when {{ json_is_small("example") }} then {{ json_has_few_fields("example") }} else false
            end as is_bounded
        from examples
    ),

    alike as (
        select *
        from measured
        where case when is_bounded then {{ json_is_readable("example") }} else false end
    ),

    told as (
        select
            shape,
            kafka_topic,
            channel,
            field,
            case when min(node_type) = max(node_type) then min(node_type) else 'mixed' end as told_type
        from
            (
                select *, regexp_replace(path, '^data([[][]])?[.]', '') as field
                from ({{ json_nodes("alike", "example", ["shape", "kafka_topic", "channel"]) }}) as nodes
            ) as named
        where field not in ('stream', 'data', 'data[]') and node_type <> 'null'
        group by shape, kafka_topic, channel, field
    ),

    drifted as (
        {{ drifts("told", "known", "alike") }}
        union all
        select
            shape,
            '' as field,
            'oversized' as drift,
            cast(null as varchar) as told_type,
            cast(null as varchar) as known_type
        from measured
        where not is_bounded
    )

select
    {{ place }},
    field,
    drift,
    min(told_type) as told_type,
    min(known_type) as known_type,
    cast(sum(message_count) as bigint) as message_count,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at,
    min(first_offset) as first_offset,
    max(last_offset) as last_offset,
    {{ building_through() }} as batch_id
from drifted
inner join measured using (shape)
group by {{ place }}, field, drift
