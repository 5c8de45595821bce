{{ config(materialized="settled_view") }} {{ row_current(ref("fct_cdc_stats_history")) }}
