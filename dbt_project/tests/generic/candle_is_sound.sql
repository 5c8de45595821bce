{#
    Low is lowest, high is highest, and the vwap lies between them: but for the rounding of notional,
    10^-10 for each trade, and that of a DOUBLE.
#}
{% test candle_is_sound(model) %}

    with
        candles as (
            select *, 1e-10 * trade_count / cast(volume as double) + 1e-14 * cast(high as double) as tolerance
            from {{ model }}
        )

    select venue, symbol, window_start_at, open, high, low, close, vwap
    from candles
    where
        not (low <= open and open <= high and low <= close and close <= high)
        or taker_buy_volume > volume
        or vwap < low - tolerance
        or vwap > high + tolerance

{% endtest %}
