{#
    The best levels after every wanted message, from book_spans: CTE book_ladders (book, ordinal, bids,
    asks), each a list of levels, the best first.

    Expanding every level over every message would cost levels times messages. So messages are cut into
    chunks; what is worse than `depth` levels that live through a whole chunk is never seen in it. Long chunks
    first, which leave out what lies deep in the book; of the rest short ones leave out more.
#}
{% macro book_ladders(depth) -%}
    {{ seen_spans("long", "book_spans", 512, depth) }},

    {{ seen_spans("short", "long_spans", 32, depth) }},

    book_ladders as (
        select
            book,
            first_ordinal + repetition as ordinal,
            {{ best_levels("key > 0", depth) }} as bids,
            {{ best_levels("key < 0", depth) }} as asks
        from {{ repeated("short_spans", "end_ordinal - first_ordinal") }}
        group by book, first_ordinal + repetition
    )
{%- endmacro %}

{# CTE <chunk>_spans: `spans` cut into chunks of so many messages, without those that are not seen there. #}
{% macro seen_spans(chunk, spans, messages, depth) -%}
    {{ chunk }}_reach as (
        select
            *,
            {{ chunk_of("first_ordinal", messages) }} as first_chunk,
            {{ chunk_of("end_ordinal - 1", messages) }} + 1 as end_chunk
        from {{ spans }}
    ),

    {{ chunk }}_pieces as (
        select
            book,
            key,
            quantity,
            wanted_count,
            first_chunk + repetition as chunk,
            greatest(first_ordinal, (first_chunk + repetition) * {{ messages }} + 1) as first_ordinal,
            least(end_ordinal, (first_chunk + repetition + 1) * {{ messages }} + 1) as end_ordinal,
            {{ at_most("wanted_count - (first_chunk + repetition) * " ~ messages, messages) }} as chunk_length
        from {{ repeated(chunk ~ "_reach", "end_chunk - first_chunk") }}
    ),

    {{ chunk }}_bounds as ({{ chunk_bounds(chunk ~ "_pieces", depth) }}),

    {{ chunk }}_spans as (
        select pieces.book, key, quantity, wanted_count, first_ordinal, end_ordinal
        from {{ chunk }}_pieces as pieces
        left join {{ chunk }}_bounds as bounds using (book, chunk)
        where key >= coalesce(case when key > 0 then bid_bound else ask_bound end, key)
    )
{%- endmacro %}

{% macro chunk_of(ordinal, messages) -%}
    cast(floor(({{ ordinal }} - 1) / {{ messages }}) as bigint)
{%- endmacro %}

{# Per chunk and side: the worst of the best `depth` levels that live through all of it. #}
{% macro chunk_bounds(pieces, depth) -%}
    select
        book,
        chunk,
        {{ nth_greatest("case when key > 0 then key end", depth) }} as bid_bound,
        {{ nth_greatest("case when key < 0 then key end", depth) }} as ask_bound
    from
        (
            select book, chunk, key
            from {{ pieces }}
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
