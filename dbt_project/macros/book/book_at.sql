{#
    The whole book of a market as of any instant of the exchange's clock; arguments are SQL:

        select * from ({{ book_at("'binance'", "'BTCUSDT'", "timestamp '2026-01-01 12:30'") }})

    and as of any sequence: book_at_sequence("'binance'", "'BTCUSDT'", "50093421584"). Both stand in the
    warehouse, too:

        from marts.book_at('binance', 'BTCUSDT', timestamp '2026-01-01 12:30')

    A book that is not known then has no rows. It is the whole book kept last before, and the changes since:
    two minutes of them at most, whatever the history.
#}
{% macro book_at(venue, symbol, instant) -%}
    {{ whole_books("venue = " ~ venue ~ " and symbol = " ~ symbol ~ " and event_at <= " ~ instant) }}
{%- endmacro %}

{% macro book_at_sequence(venue, symbol, sequence) -%}
    {{ whole_books("venue = " ~ venue ~ " and symbol = " ~ symbol ~ " and sequence <= " ~ sequence) }}
{%- endmacro %}

{# Per market, the book after the last of the messages that meet the condition. #}
{% macro whole_books(condition) -%}
    with
        last_messages as (
            select venue, symbol, epoch, sequence, is_synced
            from {{ ref("int_book_messages_sequenced") }}
            where {{ condition }}
            qualify
                row_number() over (partition by venue, symbol order by place desc, first_sequence desc) = 1
        ),

        wanted as (select venue, symbol, epoch, sequence from last_messages where is_synced),

        {{ book_spans("wanted", checkpoints=ref("int_book_levels_checkpointed")) }}

    select
        messages.venue,
        messages.symbol,
        messages.epoch,
        messages.sequence,
        case when spans.key > 0 then 'bid' else 'ask' end as side,
        abs(spans.key) as price,
        spans.quantity,
        messages.event_at,
        messages.received_at,
        messages.topic_life,
        messages.kafka_partition,
        messages.first_offset,
        messages.last_offset,
        messages.batch_id
    from book_spans as spans
    inner join book_messages as messages on messages.is_wanted and spans.book = messages.book
{%- endmacro %}

{# Post-hooks: make them functions of the warehouse. #}
{% macro define_book_at() %}
    {% set arguments = {"of_venue": "varchar", "of_symbol": "varchar", "as_of": "timestamp"} %}
    {% set query = book_at("of_venue", "of_symbol", "as_of") %}
    {% do return(table_function("book_at", arguments, book_at_columns(), query)) %}
{% endmacro %}

{% macro define_book_at_sequence() %}
    {% set arguments = {"of_venue": "varchar", "of_symbol": "varchar", "as_of": "bigint"} %}
    {% set query = book_at_sequence("of_venue", "of_symbol", "as_of") %}
    {% do return(table_function("book_at_sequence", arguments, book_at_columns(), query)) %}
{% endmacro %}

{% macro book_at_columns() %}
    {% do return(
        {
            "venue": "varchar",
            "symbol": "varchar",
            "epoch": "bigint",
            "sequence": "bigint",
            "side": "varchar",
            "price": "number(38, 10)",
            "quantity": "number(38, 10)",
            "event_at": "timestamp",
            "received_at": "timestamp",
            "topic_life": "integer",
            "kafka_partition": "integer",
            "first_offset": "bigint",
            "last_offset": "bigint",
            "batch_id": "bigint",
        }
    ) %}
{% endmacro %}
