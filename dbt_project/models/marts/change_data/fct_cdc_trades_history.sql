{{ config(materialized="settled_view") }} {{ row_history("trades") }}
