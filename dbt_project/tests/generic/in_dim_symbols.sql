{# Every market is in dim_symbols, which is built less often: rows that it has seen are looked at. #}
{% test in_dim_symbols(model) %}

    select distinct venue, symbol
    from {{ model }}
    where
        batch_id <= (select built_through from ops.model_progress where model = 'model.tickhouse.dim_symbols')
    except
    select venue, symbol
    from {{ ref("dim_symbols") }}

{% endtest %}
