{# What the venue sends is what staging was written for. #}
{% test nothing_drifts(model) %} select * from {{ model }} {% endtest %}
