"""Depth messages as if they had been drained, made up inside DuckDB: books of a few hundred levels.

Message n is the same in every history: twenty levels change, one market in turn, ten times a second.
"""

import duckdb

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "ADAUSDT")
LEVELS_PER_MESSAGE = 20
MESSAGES_PER_SNAPSHOT = 36_000
"""Of one market: an hour."""
BATCH_MESSAGES = 10_000
STEP_US = 100_000 // len(SYMBOLS)


def land_messages(
    connection: duckdb.DuckDBPyConnection,
    first: int,
    end: int,
    step_us: int = STEP_US,
    batch_messages: int = BATCH_MESSAGES,
) -> None:
    """Messages [first, end), so far apart, in batches as the loop would have landed them."""
    row = connection.execute("select coalesce(max(batch_id), 0) from ops.batches").fetchone()
    assert row is not None
    batch = f"{row[0]} + 1 + (n - {first}) // {batch_messages}"
    connection.execute(
        f"""insert into ops.batches (batch_id, kind, topic, committed_at)
            select distinct {batch}, 'landing', 'binance.depth', now()::timestamp
            from range({first}, {end}) as made(n)"""
    )
    market = len(SYMBOLS)
    connection.execute(
        f"""with messages as (
                select n, {list(SYMBOLS)}[n % {market} + 1] as symbol, n * 10 + 9 as last_id,
                    timestamp '2026-01-01' + to_microseconds(n * {step_us}) as event_at,
                    n // {market} % {MESSAGES_PER_SNAPSHOT} = 0 as is_snapshot,
                    {_levels("100000 - 1", 0)} as bids, {_levels("100000 + 1", 7)} as asks
                from range({first}, {end}) as made(n)
            )
            insert into raw.binance_depth
            select 'binance.depth', 1, n % {market}, n // {market}, symbol, null, event_at, event_at,
                [{{'name': 'venue', 'value': 'binance', 'value_bytes': null::blob}},
                 {{'name': 'symbol', 'value': symbol, 'value_bytes': null::blob}}],
                case when is_snapshot
                    then '{{"lastUpdateId":' || last_id || ',"bids":[' || bids || '],"asks":['
                        || asks || ']}}'
                    else '{{"e":"depthUpdate","E":' || epoch_ms(event_at) || ',"s":"' || symbol || '","U":'
                        || last_id - {market * 10 - 1} || ',"u":' || last_id || ',"b":[' || bids || '],"a":['
                        || asks || ']}}'
                end,
                null, event_at, {batch}
            from messages"""
    )


def _levels(best: str, seed: int) -> str:
    """Ten levels of one side as JSON, nearer ones more often; four of nine are removed."""
    sign = "-" if best.endswith("- 1") else "+"
    chance = f"hash(n * 64 + level + {seed})"
    tick = f"{best} {sign} ({chance} % 300 * ({chance} // 1000 % 300) // 300)"
    quantity = f"case when {chance} % 9 < 4 then 0 else 1 + {chance} % 997 end"
    level = f"""format('["{{:.2f}}","{{:.3f}}"]', ({tick}) / 100, ({quantity}) / 100)"""
    return f"list_aggregate([{level} for level in range({LEVELS_PER_MESSAGE // 2})], 'string_agg', ',')"
