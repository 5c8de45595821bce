{#
    What each channel is known to send, by topic: `name:type`, or `name?:type` if it may be absent; what lies in
    an array may be absent anyhow. As the field stands in the message or, where one is wrapped, under `data`.
    fct_schema_drift shows what is otherwise; once a new field is understood, it is added here.
#}
{% macro known_fields() %}
    {% set known = {} %}
    {% for fields in [
        known_fields_of_binance_streams(),
        known_fields_of_binance_rest(),
        known_fields_of_others(),
    ] %}
        {% for topic, channels in fields.items() %}
            {% do known.update({topic: dict(known.get(topic, {}), **channels)}) %}
        {% endfor %}
    {% endfor %}
    {% do return(known) %}
{% endmacro %}

{% macro known_fields_of_binance_streams() %}
    {% set trade = "e:text E:number s:text t:number p:text q:text b?:number a?:number T:number m:boolean" %}
    {% set agg_trade = "e:text E:number s:text a:number p:text q:text f:number l:number T:number m:boolean" %}
    {% set depth = "e:text E:number T?:number s:text U:number u:number pu?:number" %}
    {% set ticker = (
        "e:text E:number s:text p:text P:text w:text x?:text c:text Q:text b?:text B?:text a?:text"
    ) %}
    {% set kline = (
        "k:object k.t:number k.T:number k.s:text k.i:text k.f:number k.L:number k.o:text k.c:text"
    ) %}
    {% do return(
        {
            "binance.trades": {"trade": trade ~ " M?:boolean X?:text"},
            "binance.agg_trades": {"agg_trade": agg_trade ~ " M?:boolean nq?:text"},
            "binance.depth": {
                "depth": depth ~ " b:array b[]:array b[][]:text a:array a[]:array a[][]:text",
                "depth_snapshot": "lastUpdateId:number E?:number T?:number bids:array bids[]:array"
                ~ " bids[][]:text asks:array asks[]:array asks[][]:text",
            },
            "binance.book_tickers": {
                "book_ticker": "e?:text u:number s:text b:text B:text a:text A:text T?:number E?:number",
            },
            "binance.klines": {
                "kline_1m": "e:text E:number s:text "
                ~ kline
                ~ " k.h:text k.l:text k.v:text k.n:number k.x:boolean k.q:text k.V:text k.Q:text k.B?:text",
            },
            "binance.tickers": {
                "ticker_24h": ticker
                ~ " A?:text o:text h:text l:text v:text q:text O:number C:number F:number L:number n:number",
            },
        }
    ) %}
{% endmacro %}

{% macro known_fields_of_binance_rest() %}
    {% do return(
        {
            "binance.trades": {
                "trade_rest": "id:number price:text qty:text quoteQty?:text time:number isBuyerMaker:boolean"
                ~ " isBestMatch?:boolean isRPITrade?:boolean",
            },
            "binance.agg_trades": {
                "agg_trade_rest": "a:number p:text q:text f:number l:number T:number m:boolean M?:boolean",
            },
            "binance.klines": {"kline_1m_rest": "[]:mixed"},
            "binance.tickers": {
                "ticker_24h_rest": "symbol:text priceChange:text priceChangePercent:text weightedAvgPrice:text"
                ~ " prevClosePrice?:text lastPrice:text lastQty:text bidPrice?:text bidQty?:text askPrice?:text"
                ~ " askQty?:text openPrice:text highPrice:text lowPrice:text volume:text quoteVolume:text"
                ~ " openTime:number closeTime:number firstId:number lastId:number count:number",
            },
            "binance.prices": {"price_rest": "symbol:text price:text time?:number"},
        }
    ) %}
{% endmacro %}

{% macro known_fields_of_others() %}
    {% set match = (
        "type:text trade_id:number maker_order_id:text taker_order_id:text side:text size:text"
        ~ " price:text product_id:text sequence:number time:text"
    ) %}
    {% do return(
        {
            "coinbase.books": {
                "snapshot": "type:text product_id:text time?:text asks:array asks[]:array asks[][]:text"
                ~ " bids:array bids[]:array bids[][]:text",
                "l2update": "type:text product_id:text time:text changes:array changes[]:array changes[][]:text",
            },
            "coinbase.trades": {"match": match, "last_match": match},
            "kraken.books": {
                "book": "channel:text type:text symbol:text bids:array bids[]:object bids[].price:number"
                ~ " bids[].qty:number asks:array asks[]:object asks[].price:number asks[].qty:number"
                ~ " checksum:number timestamp?:text",
            },
            "kraken.trades": {
                "trade": "channel:text type:text symbol:text side:text price:number qty:number ord_type?:text"
                ~ " trade_id:number timestamp:text",
            },
            "simulated.ticks": {
                "tick": "symbol:text event_time:text received_time:text bid_price:number bid_volume:number"
                ~ " ask_price:number ask_volume:number sequence_id:number",
            },
        }
    ) %}
{% endmacro %}

{# The same as rows: kafka_topic, channel, field, known_type, is_required. #}
{% macro known_fields_as_rows() -%}
    select *
    from
        (
            values
                {%- set comma = joiner(",") %}
                {%- for topic, channels in known_fields().items() %}
                    {%- for channel, fields in channels.items() %}
                        {%- for told in fields.split() %}
                            {%- set name, type = told.split(":") %}
                            {{- comma() }}
                            (
                                '{{ topic }}',
                                '{{ channel }}',
                                '{{ name | replace("?", "") }}',
                                '{{ type }}',
                                {{ not ("?" in name or "[]" in name) }}
                            )
                        {%- endfor %}
                    {%- endfor %}
                {%- endfor %}
        ) as known(kafka_topic, channel, field, known_type, is_required)
{%- endmacro %}
