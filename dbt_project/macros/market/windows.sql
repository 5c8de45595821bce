{#
    Half-open windows in time, by venue and symbol. A model that groups rows by them is

        with
            {% call affected() %} {{ affected_windows(rows, "event_at", 60) }} {% endcall %},
            parts as ({{ rows_in_windows(rows, "event_at", 60) }})
        select {{ window_columns(60) }}, ..., {{ provenance_columns() }}
        from parts
        group by venue, symbol, window_start_at
#}
{# The windows that new rows fall into, or that a row has left. #}
{% macro affected_windows(rows, time, seconds) -%}
    select distinct venue, symbol, {{ time_bucket(time, seconds) }} as window_start_at
    from {{ changed(rows, ["venue", "symbol", time]) }} as changed
    where not {{ has_lost_trades(time_bucket(time, seconds)) }}
{%- endmacro %}

{# What began before the floor of retention stays as it is: some of its trades may be gone. #}
{% macro has_lost_trades(start) -%} {{ is_below_floor(var("topic_of_trades"), start) }} {%- endmacro %}

{# The rows of the affected windows; `part_at` is a row's own time. #}
{% macro rows_in_windows(rows, time, seconds) -%}
    select
        parts.*
        {%- if time == "window_start_at" %} exclude (window_start_at){% endif %},
        parts.{{ time }} as part_at,
        affected.window_start_at
    from {{ rows }} as parts
    inner join affected on {{ is_in_affected_window("parts", time, seconds) }}
    where {{ is_within_affected_bounds("parts." ~ time, seconds) }}
{%- endmacro %}

{# Rows are joined to the affected windows that hold them; the bounds, in the where clause beside it,
   let the engine skip the rest of history. #}
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

{# Where the rows of a group, or of a frame (`over`), came from; NULL where several partitions or lives
   contributed. #}
{% macro provenance_columns(over="") -%}
    {%- for column in ["topic_life", "kafka_partition"] %}
        case
            when
                min({{ column }}) {{ over }} = max({{ column }}) {{ over }}
                and count({{ column }}) {{ over }} = count(*) {{ over }}
            then min({{ column }}) {{ over }}
        end as {{ column }},
    {%- endfor %}
    min(first_offset) {{ over }} as first_offset,
    max(last_offset) {{ over }} as last_offset,
    {{ building_through() }} as batch_id
{%- endmacro %}
