{# An epoch, and the one before it: how that ended shows in how this one began. #}
{% macro affected_epochs(messages) -%}
    with
        touched as (
            select distinct venue, symbol, epoch
            from {{ changed(messages, ["venue", "symbol", "epoch"]) }} as changed
            where epoch is not null
        ),

        snapshots as (select venue, symbol, epoch from {{ messages }} where kind = 'snapshot')

    select venue, symbol, epoch
    from touched
    union
    select snapshots.venue, snapshots.symbol, snapshots.epoch
    from
        touched
        {{
            asof_join(
                "snapshots",
                on="touched.venue = snapshots.venue and touched.symbol = snapshots.symbol",
                match="touched.epoch > snapshots.epoch",
            )
        }}
    where snapshots.epoch is not null
{%- endmacro %}

{# By our clock; a message without it counts from the broker's. #}
{% macro seen_at() -%} coalesce(received_at, published_at) {%- endmacro %}
