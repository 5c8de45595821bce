-- What Binance's REST tells, as tables: the newest of each thing. Their changes are captured, so their history
-- is in the warehouse. May be run again: what is there stays.
create schema if not exists binance;

create table if not exists binance.prices (
    symbol text primary key,
    price numeric(28, 10) not null,
    polled_at timestamptz not null
);
comment on table binance.prices is 'The last price of every pair.';

create table if not exists binance.stats (
    symbol text primary key,
    price_change numeric(28, 10) not null,
    price_change_pct numeric(28, 10) not null,
    vwap numeric(28, 10) not null,
    open numeric(28, 10) not null,
    high numeric(28, 10) not null,
    low numeric(28, 10) not null,
    close numeric(28, 10) not null,
    volume numeric(28, 10) not null,
    notional numeric(28, 10) not null,
    trade_count bigint not null,
    window_start_at timestamptz not null,
    window_end_at timestamptz not null,
    polled_at timestamptz not null
);
comment on table binance.stats is 'The last 24 hours of every pair, rolling.';

create table if not exists binance.books (
    symbol text not null,
    side text not null check (side in ('bid', 'ask')),
    price numeric(28, 10) not null,
    quantity numeric(28, 10) not null,
    last_update_id bigint not null,
    polled_at timestamptz not null,
    primary key (symbol, side, price)
);
comment on table binance.books is 'The best levels of the order books.';

create table if not exists binance.trades (
    symbol text not null,
    trade_id bigint not null,
    price numeric(28, 10) not null,
    quantity numeric(28, 10) not null,
    buyer_is_maker boolean not null,
    traded_at timestamptz not null,
    primary key (symbol, trade_id)
);
comment on table binance.trades is 'The newest trades of each symbol.';

create table if not exists binance.candles (
    symbol text not null,
    window_start_at timestamptz not null,
    open numeric(28, 10) not null,
    high numeric(28, 10) not null,
    low numeric(28, 10) not null,
    close numeric(28, 10) not null,
    volume numeric(28, 10) not null,
    notional numeric(28, 10) not null,
    taker_buy_volume numeric(28, 10) not null,
    taker_buy_notional numeric(28, 10) not null,
    trade_count bigint not null,
    primary key (symbol, window_start_at)
);
comment on table binance.candles is 'Candles of a minute, the last day of them.';

-- A change tells the whole row as it was before, also when the row is deleted.
alter table binance.prices replica identity full;
alter table binance.stats replica identity full;
alter table binance.books replica identity full;
alter table binance.trades replica identity full;
alter table binance.candles replica identity full;
