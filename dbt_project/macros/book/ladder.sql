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
            first_chunk + repetition as chunk,
            greatest(first_ordinal, (first_chunk + repetition) * {{ chunk_size() }} + 1) as first_ordinal,
            least(end_ordinal, (first_chunk + repetition + 1) * {{ chunk_size() }} + 1) as end_ordinal,
            least(
                {{ chunk_size() }}, wanted_count - (first_chunk + repetition) * {{ chunk_size() }}
            ) as chunk_length
        from {{ repeated("spans_with_chunks", "end_chunk - first_chunk") }}
    ),

    chunk_bounds as ({{ chunk_bounds(depth) }}),

    visible_pieces as ({{ visible_pieces() }}),

    book_ladders as (
        select
            book,
            first_ordinal + repetition as ordinal,
            {{ best_levels("key > 0", depth) }} as bids,
            {{ best_levels("key < 0", depth) }} as asks
        from {{ repeated("visible_pieces", "end_ordinal - first_ordinal") }}
        group by book, first_ordinal + repetition
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

{% macro visible_pieces() -%}
    select book_pieces.*
    from book_pieces
    left join chunk_bounds using (book, chunk)
    where key >= coalesce(case when key > 0 then bid_bound else ask_bound end, key)
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

{# A ladder's row as rows, one per level that is there: side as a taker sees it, and number from 0. #}
{% macro ladder_levels(ladders, depth) -%}
    {% for taker_side, side in {"buy": "ask", "sell": "bid"}.items() %}
        {% for number in range(depth) %}
            {%- set name = "%02d" | format(number) %}
            select
                venue,
                symbol,
                epoch,
                window_start_at,
                '{{ taker_side }}' as side,
                {{ number }} as number,
                {{ side }}_price_{{ name }} as price,
                {{ side }}_quantity_{{ name }} as quantity,
                {{ exact_product(side ~ "_price_" ~ name, side ~ "_quantity_" ~ name) }} as notional
            from {{ ladders }}
            where {{ side }}_price_{{ name }} is not null {{ "union all" if not loop.last }}
            {% endfor %} {{ "union all" if not loop.last }}
    {% endfor %}
{%- endmacro %}
