{#
    One table's messages of the affected batches, judged. A tombstone follows each delete and says nothing: it
    is neither a change nor a fault.
#}
{% macro captured_changes(table) -%}
    {%- set topic, columns = captured_topic(table), captured_tables()[table] -%}
    {%- set row = json_fields("image", columns | list) -%}
    select
        *,
        case
            when not is_tombstone
            then
                coalesce(
                    {{ unreadable_reason(["venue"]) }},
                    {{ envelope_problem() }},
                    {% for column, type in columns.items() %}
                        case
                            when {{ row[column] }} is null and op in ('c', 'u', 'r') then 'missing_field'
                        end,
                        {{ captured_problem(row[column], type) }},
                    {% endfor %}
                    case when {{ is_below_floor(topic, "aged_at") }} then 'older_than_retention' end
                )
        end as rejected_reason
    from ({{ opened_envelopes(table) }}) as opened
    where not {{ is_pruned(topic, "aged_at") }}
{%- endmacro %}

{# Debezium's envelope taken apart. #}
{% macro opened_envelopes(table) -%}
    {%- set fields = [
        "op",
        "before",
        "after",
        "source.lsn",
        "source.txId",
        "source.snapshot",
        "source.ts_us",
    ] -%}
    {%- set sent = json_fields("message", fields) -%}
    select
        *,
        '{{ captured_topic(table) }}' as source_topic,
        payload is null and payload_bytes is null as is_tombstone,
        {{ sent.op }} as op,
        case when {{ sent.op }} = 't' then '' else key end as row_key,
        {{ exact_integer(sent["source.lsn"]) }} as lsn,
        {{ exact_integer(sent["source.txId"]) }} as transaction_id,
        coalesce({{ sent["source.snapshot"] }} not in ('false', 'incremental'), false) as is_snapshot,
        {{ sent.before }} as row_before,
        {{ sent.after }} as row_after,
        {{ json_decode(sent.after, captured_tables()[table] | list) }} as image,
        {{ exchange_time(sent["source.ts_us"]) }} as event_at,
        coalesce(published_at, landed_at) as aged_at
    from ({{ decoded_messages(source("raw", "cdc_binance_" ~ table), fields) }}) as decoded
{%- endmacro %}

{# What every change must have, whatever its table. #}
{% macro envelope_problem() -%}
    case
        when op is null or op not in ('c', 'u', 'd', 'r', 't')
        then 'missing_field'
        when row_key is null or (op in ('c', 'u', 'r') and row_after is null)
        then 'missing_field'
        when lsn is null
        then 'not_a_number'
        when event_at is null
        then 'bad_time'
    end
{%- endmacro %}
