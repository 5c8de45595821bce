{#
    The best levels after every wanted message, from book_spans: CTE book_ladders (book, ordinal, bids,
    asks), each a list of levels, the best first.

    Expanding every level over every message would cost levels times messages. So messages are cut into
    chunks; what is worse than `depth` levels that live through a whole chunk is never seen in it.
#}
{% macro book_ladders(depth) -%}
    spans_with_chunks as (
        select
            *,
            {{ chunk_of("first_ordinal") }} as first_chunk,
            {{ chunk_of("end_ordinal - 1") }} + 1 as end_chunk
        from book_spans
    ),

    book_pieces as (
        select
            book,
            key,
            quantity,
            chunk,
            greatest(first_ordinal, chunk * {{ chunk_size() }} + 1) as first_ordinal,
            least(end_ordinal, (chunk + 1) * {{ chunk_size() }} + 1) as end_ordinal,
            least({{ chunk_size() }}, wanted_count - chunk * {{ chunk_size() }}) as chunk_length
        from {{ each_number("spans_with_chunks", "first_chunk", "end_chunk", "chunk") }} as pieces
    ),

    chunk_bounds as ({{ chunk_bounds(depth) }}),

    visible_pieces as (
        select book_pieces.*
        from book_pieces
        left join chunk_bounds using (book, chunk)
        where key >= coalesce(case when key > 0 then bid_bound else ask_bound end, key)
    ),

    book_ladders as (
        select
            book,
            ordinal,
            {{ best_levels("key > 0", depth) }} as bids,
            {{ best_levels("key < 0", depth) }} as asks
        from {{ each_number("visible_pieces", "first_ordinal", "end_ordinal", "ordinal") }} as expanded
        group by book, ordinal
    )
{%- endmacro %}

{% macro chunk_size() %} {% do return(192) %} {% endmacro %}
{% macro chunk_of(ordinal) -%} cast(floor(({{ ordinal }} - 1) / {{ chunk_size() }}) as bigint) {%- endmacro %}

{# Per chunk and side: the worst of the best `depth` levels that live through all of it. #}
{% macro chunk_bounds(depth) -%}
    select
        book,
        chunk,
        {{ nth_greatest("case when key > 0 then key end", depth) }} as bid_bound,
        {{ nth_greatest("case when key < 0 then key end", depth) }} as ask_bound
    from
        (
            select book, chunk, key
            from book_pieces
            group by book, chunk, key, chunk_length
            having sum(end_ordinal - first_ordinal) = chunk_length
        ) as steady
    group by book, chunk
{%- endmacro %}

{# The columns bid_price_00, bid_quantity_00, ask_price_00, ... from the lists of book_ladders. #}
{% macro ladder_columns(depth) -%}
    {% for side in ("bid", "ask") %}
        {% for number in range(depth) %}
            {%- set name = "%02d" | format(number) -%}
            abs({{ level_item(side ~ "s", number, "key") }}) as {{ side }}_price_{{ name }},
            {{ level_item(side ~ "s", number, "quantity") }} as {{ side }}_quantity_{{ name }}
            {{- "," if not loop.last }}
        {% endfor %}
        {{- "," if not loop.last }}
    {% endfor %}
{%- endmacro %}
