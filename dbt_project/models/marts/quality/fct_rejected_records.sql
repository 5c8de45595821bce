{{ config(materialized="settled_view") }}

with
    trade_conflicts as (
        select messages.*
        from {{ ref("stg_binance__trades") }} as messages
        inner join {{ ref("fct_trades") }} as trades using (venue, symbol, trade_id)
        where
            trades.message_count > 1
            and messages.rejected_reason is null
            and (
                messages.price <> trades.price
                or messages.quantity <> trades.quantity
                or messages.taker_side <> trades.taker_side
                or messages.event_at <> trades.event_at
            )
    )

    {{ rejected_records(ref("stg_binance__trades"), "binance.trades") }}
where rejected_reason is not null
union all
{{ rejected_records("trade_conflicts", "binance.trades", reason="'conflicting_duplicate'") }}
