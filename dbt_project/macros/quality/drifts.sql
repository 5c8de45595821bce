{# Fields that nobody knows, that are of another type, or that are not there, by shape. #}
{% macro drifts(told, known, shapes) -%}
    select told.shape, told.field, 'new' as drift, told.told_type, cast(null as varchar) as known_type
    from {{ told }} as told
    left join {{ known }} as known using (kafka_topic, channel, field)
    where
        known.known_type is null
        and exists (
            select 1
            from {{ known }} as others
            where others.kafka_topic = told.kafka_topic and others.channel = told.channel
        )
    union all
    select told.shape, told.field, 'retyped', told.told_type, known.known_type
    from {{ told }} as told
    inner join {{ known }} as known using (kafka_topic, channel, field)
    where told.told_type <> known.known_type
    union all
    select shapes.shape, known.field, 'missing', cast(null as varchar), known.known_type
    from {{ shapes }} as shapes
    inner join {{ known }} as known using (kafka_topic, channel)
    left join {{ told }} as told on told.shape = shapes.shape and told.field = known.field
    where known.is_required and told.shape is null
{%- endmacro %}
