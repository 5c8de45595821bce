{{ config(meta={"affected_key": ["venue", "symbol", "epoch", "window_start_at"]}) }}
{% set notionals = [1000, 10000, 100000, 1000000] %}

with
    {% call affected() %}
        select distinct venue, symbol, epoch, window_start_at
        from
            {{
                changed(ref("fct_book_ladder_1s"), ["venue", "symbol", "epoch", "window_start_at"])
            }} as changed
    {% endcall %},

    ladders as (
        select *
        from {{ ref("fct_book_ladder_1s") }}
        inner join affected using (venue, symbol, epoch, window_start_at)
        where
            bid_price_00 is not null
            and ask_price_00 is not null
            and batch_id > {{ progress(model.unique_id, "built_through") }}
    ),

    levels as ({{ ladder_levels("ladders", 10) }}),

    stacked as (
        select
            *,
            sum(notional) over (
                partition by venue, symbol, epoch, window_start_at, side order by number
            ) as reach
        from levels
    ),

    walked as (
        select
            venue,
            symbol,
            epoch,
            window_start_at,
            side,
            target_notional,
            least(max(reach), target_notional) as filled_notional,
            max(reach) >= target_notional as is_complete,
            -- Whole levels are summed exactly; only of the last a part may be taken.
            sum(case when reach <= target_notional then quantity else 0 end) as whole_quantity,
            max(
                case
                    when reach > target_notional and reach - notional < target_notional
                    then {{ divide("target_notional - (reach - notional)", "price") }}
                    else 0
                end
            ) as part_quantity
        from stacked
        cross join
            (
                {% for notional in notionals %}
                    select
                        cast({{ notional }} as decimal(38, 10)) as target_notional
                        {{ "union all" if not loop.last }}
                {% endfor %}
            ) as targets
        group by venue, symbol, epoch, window_start_at, side, target_notional
    )

select
    ladders.kafka_topic,
    {{ book_second_columns("ladders") }},
    walked.side,
    cast(walked.target_notional as decimal(38, 10)) as target_notional,
    cast(walked.filled_notional as decimal(38, 10)) as filled_notional,
    cast(whole_quantity as double) + part_quantity as filled_quantity,
    {{ divide("filled_notional", "cast(whole_quantity as double) + part_quantity") }} as average_price,
    abs(
        {{ divide("filled_notional", "cast(whole_quantity as double) + part_quantity") }}
        / ({{ divide("bid_price_00 + ask_price_00", "2") }})
        - 1
    )
    * 10000 as slippage_bps,
    walked.is_complete,
    ladders.topic_life,
    ladders.kafka_partition,
    ladders.first_offset,
    ladders.last_offset,
    {{ building_through() }} as batch_id
from walked
inner join ladders using (venue, symbol, epoch, window_start_at)
