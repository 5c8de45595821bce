{# Epoch milliseconds or microseconds, told apart by their size, from 2001 to 2286; NULL for all else. #}
{% macro epoch_to_timestamp(epoch) -%}
    {{ return(adapter.dispatch("epoch_to_timestamp")(epoch)) }}
{%- endmacro %}

{% macro duckdb__epoch_to_timestamp(epoch) -%}
    case
        when {{ epoch }} between 1000000000000 and 9999999999999
        then make_timestamp_ms({{ epoch }})
        when {{ epoch }} between 1000000000000000 and 9999999999999999
        then make_timestamp({{ epoch }})
    end
{%- endmacro %}

{% macro snowflake__epoch_to_timestamp(epoch) -%}
    case
        when {{ epoch }} between 1000000000000 and 9999999999999
        then to_timestamp_ntz({{ epoch }}, 3)
        when {{ epoch }} between 1000000000000000 and 9999999999999999
        then to_timestamp_ntz({{ epoch }}, 6)
    end
{%- endmacro %}

{# The start of the half-open window of so many seconds, counted from 1970, that holds the time. #}
{% macro time_bucket(time, seconds) -%}
    {{ return(adapter.dispatch("time_bucket")(time, seconds)) }}
{%- endmacro %}

{% macro duckdb__time_bucket(time, seconds) -%}
    time_bucket(interval '{{ seconds }} seconds', {{ time }}, timestamp '1970-01-01')
{%- endmacro %}

{% macro snowflake__time_bucket(time, seconds) -%}
    time_slice({{ time }}, {{ seconds }}, 'SECOND')
{%- endmacro %}

{# From the first time to the second, below zero if the clocks say so. #}
{% macro milliseconds_between(since, until) -%}
    {{ return(adapter.dispatch("milliseconds_between")(since, until)) }}
{%- endmacro %}

{% macro duckdb__milliseconds_between(since, until) -%}
    cast(epoch_us({{ until }}) - epoch_us({{ since }}) as double) / 1000
{%- endmacro %}

{% macro snowflake__milliseconds_between(since, until) -%}
    cast(timestampdiff(microsecond, {{ since }}, {{ until }}) as double) / 1000
{%- endmacro %}

{% macro add_minutes(time, minutes) -%}
    {{ return(adapter.dispatch("add_minutes")(time, minutes)) }}
{%- endmacro %}
{% macro duckdb__add_minutes(time, minutes) -%} {{ time }} + to_minutes({{ minutes }}) {%- endmacro %}
{% macro snowflake__add_minutes(time, minutes) -%}
    dateadd('minute', {{ minutes }}, {{ time }})
{%- endmacro %}

{% macro add_seconds(time, seconds) -%}
    {{ return(adapter.dispatch("add_seconds")(time, seconds)) }}
{%- endmacro %}
{% macro duckdb__add_seconds(time, seconds) -%} {{ time }} + to_seconds({{ seconds }}) {%- endmacro %}
{% macro snowflake__add_seconds(time, seconds) -%}
    dateadd('second', {{ seconds }}, {{ time }})
{%- endmacro %}
