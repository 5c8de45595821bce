{#
    Millions of books made at once take gigabytes. A model that says how many keys are enough at a time (meta:
    keys_at_once) is written slice by slice, one insert each, all in the same transaction. The rows of a key
    are made of the parents' alone, so that slices change none of them.
#}
{# Keeps the affected keys for the run; returns how many there are. #}
{% macro keep_affected(target, keys) %}
    {% do return(create_temporary("affected_" ~ target.identifier, in_slices(keys))) %}
{% endmacro %}

{# The keys, each with the number of its slice, where the model is written in slices. #}
{% macro in_slices(keys) %}
    {% set sliced %}
        select
            *,
            cast(
                floor((row_number() over (order by {{ slice_order() | join(", ") }}) - 1) / {{ keys_at_once() }})
                as integer
            ) as slice
        from ({{ keys }}) as keys
    {% endset %}
    {% do return(sliced if keys_at_once() else keys) %}
{% endmacro %}

{# What is next to each other in time, or in its book, is made together, and the oldest first. #}
{% macro slice_order() %}
    {% set meta = config.get("meta") %}
    {% set age = meta.get("ages_by") %}
    {% do return(([age] if age in meta.affected_key else []) + meta.affected_key) %}
{% endmacro %}

{# The steps that insert the rows of the affected keys, each slice in an order. #}
{% macro inserts(target, rewritten, key_count, order="") %}
    {% if not keys_at_once() %}
        {% do return({"insert": insert_affected(target, rewritten) ~ order}) %}
    {% endif %}
    {% set steps = {} %}
    {% for slice in range((key_count / keys_at_once()) | round(method="ceil") | int) %}
        {% do steps.update({"insert_" ~ slice: insert_slice(target, rewritten, slice) ~ order}) %}
    {% endfor %}
    {% do return(steps) %}
{% endmacro %}

{% macro insert_slice(target, rewritten, slice) %}
    {% set all = read_back(target) %}
    {% set of_slice = all | replace("*", "* exclude (slice)") ~ " where slice = " ~ slice %}
    {% do return(insert_affected(target, rewritten | replace(all, of_slice))) %}
{% endmacro %}
