{# What we derived is what the witness says, every time. #}
{% test nothing_mismatches(model) %} select * from {{ model }} where not is_match {% endtest %}
