{{ config(materialized="settled_view") }} {{ whole_books("true") }}
