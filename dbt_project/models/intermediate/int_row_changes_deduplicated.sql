{% set id = ["kafka_topic", "row_key", "op", "lsn"] %}
{{ config(meta={"affected_key": id + ["landed_batch_id"], "traced": []}) }}

with
    {% call affected() %} {{ affected_ids(ref("stg_cdc__changes"), id) }} {% endcall %}

select
    kafka_topic,
    venue,
    row_key,
    op,
    lsn,
    transaction_id,
    is_snapshot,
    row_before,
    row_after,
    {{ message_count(id) }} as message_count,
    event_at,
    aged_at,
    {{ one_message_columns() }}
from {{ ref("stg_cdc__changes") }}
inner join affected using (kafka_topic, row_key, op, lsn, landed_batch_id)
where rejected_reason is null
qualify {{ is_first_of(id) }}
