{# The columns of every model that has the levels of a feed's book messages, one row each. #}
{% macro book_level_columns() -%}
    venue,
    symbol,
    kind,
    first_update_id,
    last_update_id,
    side,
    place as level_index,
    {{ exact_price("price_text") }} as price,
    {{ exact_quantity("quantity_text") }} as quantity,
    topic_life,
    kafka_partition,
    kafka_offset,
    event_at,
    aged_at,
    landed_batch_id,
    {{ building_through() }} as batch_id
{%- endmacro %}

{# The usable messages of the affected batches. #}
{% macro messages_with_levels(messages) -%}
    select messages.*
    from {{ messages }} as messages
    inner join affected using (landed_batch_id)
    where rejected_reason is null
{%- endmacro %}

{% macro both_sides(messages, bids="bids", asks="asks", first_place=0) -%}
    select *, 'bid' as side, {{ first_place }} + level_index as place
    from {{ book_levels(messages, bids) }}
    union all
    select *, 'ask' as side, {{ first_place }} + level_index as place
    from {{ book_levels(messages, asks) }}
{%- endmacro %}
