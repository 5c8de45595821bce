{# The affected books whose messages landed lately enough for a model that keeps them for a short time. #}
{% macro affected_books_not_gone() -%}
    select sequenced.venue, sequenced.symbol, sequenced.epoch, sequenced.sequence
    from {{ ref("int_book_messages_sequenced") }} as sequenced
    inner join affected using (venue, symbol, epoch, sequence)
    left join
        ops.short_lived as gone on gone.model = '{{ model.name }}' and gone.topic = sequenced.kafka_topic
    where
        {{ is_new("sequenced.batch_id") }}
        and sequenced.is_applied
        and sequenced.landed_batch_id > coalesce(gone.gone_through_batch_id, 0)
{%- endmacro %}
