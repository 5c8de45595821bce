{# The seconds whose last book is other than it was; with its sequence, that is what to ask for. #}
{% macro affected_book_seconds() -%}
    select distinct venue, symbol, epoch, window_start_at
    from
        {{ changed(ref("int_book_seconds_closed"), ["venue", "symbol", "epoch", "window_start_at"]) }}
        as changed
{%- endmacro %}

{# The last book of each affected second: CTE body, for `wanted` of book_spans. #}
{% macro books_of_affected_seconds() -%}
    select seconds.venue, seconds.symbol, seconds.epoch, seconds.sequence, seconds.window_start_at
    from {{ ref("int_book_seconds_closed") }} as seconds
    inner join affected using (venue, symbol, epoch, window_start_at)
    where seconds.batch_id > {{ progress(model.unique_id, "built_through") }}
{%- endmacro %}

{% macro book_second_columns(seconds) -%}
    {{ seconds }}.venue,
    {{ seconds }}.symbol,
    {{ seconds }}.epoch,
    {{ seconds }}.window_start_at,
    {{ seconds }}.window_start_at + interval '1 second' as window_end_at,
    {{ seconds }}.sequence
{%- endmacro %}
