{#
    Half-open windows in time, by venue and symbol: rows are joined to the affected windows that hold
    them. The bounds, in the where clause beside it, let the engine skip the rest of history.
#}
{% macro is_in_affected_window(rows, time, seconds) -%}
    {{ rows }}.venue = affected.venue
    and {{ rows }}.symbol = affected.symbol
    and {{ time_bucket(rows ~ "." ~ time, seconds) }} = affected.window_start_at
{%- endmacro %}

{% macro is_within_affected_bounds(time, seconds) -%}
    {{ time }} >= (select min(window_start_at) from affected)
    and {{ time }} < (select max(window_start_at) from affected) + interval '{{ seconds }} seconds'
{%- endmacro %}

{% macro window_columns(seconds) -%}
    venue, symbol, window_start_at, window_start_at + interval '{{ seconds }} seconds' as window_end_at
{%- endmacro %}
