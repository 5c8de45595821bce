-- Everything that the drain and dbt stand on. Each statement here commits by itself: a migration that was cut
-- off runs again from its beginning, so each statement of each migration may run again.
create schema if not exists raw;
create schema if not exists ops;

-- Parquet files wait here between their upload and the transaction that takes them.
create stage if not exists raw.landing;

-- A topic that is deleted and created again begins a new life: same name, same offsets, other messages.
create table if not exists ops.topic_lives (
    topic varchar not null, topic_life integer not null, topic_id varchar,
    opened_at timestamp_ntz(6) not null, reason varchar not null
);

-- The truth about what has landed: every offset below next_offset.
create table if not exists ops.positions (
    topic varchar not null, topic_life integer not null, kafka_partition integer not null,
    next_offset integer not null, moved_at timestamp_ntz(6) not null
);

-- The number of the newest batch. Every transaction that makes one writes here first, and holds the
-- others off until it ends: so batches are numbered in the order of their commits.
create table if not exists ops.newest_batch (batch_id integer not null);
insert into ops.newest_batch select 0 where not exists (select 1 from ops.newest_batch);

create table if not exists ops.batches (
    batch_id integer not null, kind varchar not null, topic varchar not null,
    replay_first_batch_id integer, replay_last_batch_id integer,
    run_id varchar, committed_at timestamp_ntz(6) not null
);

create table if not exists ops.windows (
    batch_id integer not null, topic varchar not null, topic_life integer not null,
    kafka_partition integer not null, first_offset integer not null, end_offset integer not null,
    row_count integer not null, payload_bytes integer not null
);

create table if not exists ops.lost_ranges (
    batch_id integer not null, topic varchar not null, topic_life integer not null,
    kafka_partition integer not null, first_offset integer not null, end_offset integer not null,
    reason varchar not null, noticed_at timestamp_ntz(6) not null
);

create table if not exists ops.model_progress (
    model varchar not null, built_through integer not null, building_through integer not null,
    settled_at timestamp_ntz(6)
);

create table if not exists ops.retention (
    topic varchar not null, kept_from timestamp_ntz(6) not null, as_of_batch_id integer not null,
    pruned_at timestamp_ntz(6) not null
);

-- Which run loops, and which one builds; an empty run_id: none does.
create table if not exists ops.lease (
    name varchar not null, run_id varchar not null, taken_at timestamp_ntz(6) not null
);
-- A row for the run that builds, and one for the run that loops; no run yet.
insert into ops.lease
select 'turn', '', sysdate() where not exists (select 1 from ops.lease where name = 'turn');
insert into ops.lease
select 'micro_batch', '', sysdate() where not exists (select 1 from ops.lease where name = 'micro_batch');

-- Price alerts that somebody was told of, so that each is told once; and whether that was taken back.
create table if not exists ops.told_alerts (
    venue varchar not null, symbol varchar not null, window_start_at timestamp_ntz(6) not null,
    rule varchar not null, told_at timestamp_ntz(6) not null, retracted_at timestamp_ntz(6)
);

create table if not exists ops.rebuilds_due (model varchar not null);

create table if not exists ops.short_lived (
    model varchar not null, topic varchar not null, gone_through_batch_id integer not null
);

create table if not exists ops.kept_books (
    topic varchar not null, venue varchar not null, symbol varchar not null, sequence integer not null,
    side varchar not null, price number(38, 10) not null, quantity number(38, 10) not null,
    event_at timestamp_ntz(6), received_at timestamp_ntz(6), published_at timestamp_ntz(6) not null,
    landed_at timestamp_ntz(6) not null, aged_at timestamp_ntz(6) not null, topic_life integer not null,
    kafka_partition integer not null, kafka_offset integer not null, landed_batch_id integer not null,
    batch_id integer not null
);
