{# The bands lie around the VWAP, the wider outside the narrower. #}
{% test bands_hold_the_vwap(model) %}

    select venue, symbol, window_start_at
    from {{ model }}
    where
        vwap_stddev is null
        or not (lower_band_3 <= lower_band_2 and lower_band_2 <= lower_band_1 and lower_band_1 <= vwap)
        or not (upper_band_3 >= upper_band_2 and upper_band_2 >= upper_band_1 and upper_band_1 >= vwap)

{% endtest %}
