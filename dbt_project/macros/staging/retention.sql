{#
    Pruning takes the old end of a topic away (ops.retention): what aged before kept_from, of batches up
    to as_of_batch_id. What was pruned stays gone in a rebuild; what comes later and is as old is
    rejected; a window that began before the floor has lost messages and is never written again.
#}
{# The time by which a message ages: the exchange's, or the broker's where it has none. #}
{% macro aged_at() -%} coalesce(event_at, published_at) {%- endmacro %}

{% macro is_pruned(topic, age=none) -%}
    coalesce(
        {{ age or aged_at() }} < {{ retention(topic, "kept_from") }}
        and landed_batch_id <= {{ retention(topic, "as_of_batch_id") }},
        false
    )
{%- endmacro %}

{# `topic` is one, or one per venue (the variable topic_of_trades), for rows that name their venue. #}
{% macro is_below_floor(topic, time) -%}
    coalesce(
        {{ time }} < {% if topic is string %} {{ retention(topic, "kept_from") }}
        {% else %}
            case
                {%- for venue, its_topic in topic.items() if venue != "any_other" %}
                    when venue = '{{ venue }}' then {{ retention(its_topic, "kept_from") }}
                {%- endfor %}
                else {{ retention(topic.any_other, "kept_from") }}
            end
        {% endif %},
        false
    )
{%- endmacro %}

{# NULL for a topic that was never pruned. #}
{% macro retention(topic, column) -%}
    (select {{ column }} from ops.retention where topic = '{{ topic }}')
{%- endmacro %}
