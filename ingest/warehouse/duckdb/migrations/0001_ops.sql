-- What Tickhouse knows about its own data. One transaction writes rows and positions together.
create schema if not exists raw;
create schema if not exists ops;

-- A topic that is deleted and created again begins a new life: same name, same offsets, other messages.
create table ops.topic_lives (
    topic varchar not null,
    topic_life integer not null,
    topic_id varchar,
    opened_at timestamp not null,
    reason varchar not null,
    primary key (topic, topic_life)
);

-- The truth about what has landed: every offset below next_offset.
create table ops.positions (
    topic varchar not null,
    topic_life integer not null,
    kafka_partition integer not null,
    next_offset bigint not null,
    moved_at timestamp not null,
    primary key (topic, topic_life, kafka_partition)
);

-- Batches are numbered in commit order. kind: landing | repair | replay | prune | reset.
-- A replay names old batches whose rows are to be built again; prune and reset bring no rows.
create table ops.batches (
    batch_id bigint primary key,
    kind varchar not null,
    topic varchar not null,
    replay_first_batch_id bigint,
    replay_last_batch_id bigint,
    run_id varchar,
    committed_at timestamp not null
);

-- The windows that a landing or repair brought in, one row per partition.
create table ops.windows (
    batch_id bigint not null,
    topic varchar not null,
    topic_life integer not null,
    kafka_partition integer not null,
    first_offset bigint not null,
    end_offset bigint not null,
    row_count bigint not null,
    payload_bytes bigint not null
);

-- Offsets that are gone for good. reason: retention | truncation | topic_deleted.
create table ops.lost_ranges (
    batch_id bigint not null,
    topic varchar not null,
    topic_life integer not null,
    kafka_partition integer not null,
    first_offset bigint not null,
    end_offset bigint not null,
    reason varchar not null,
    noticed_at timestamp not null
);

-- What each model has built: parents' rows with batch_id in (built_through, building_through] are new to it.
create table ops.model_progress (
    model varchar primary key,
    built_through bigint not null,
    building_through bigint not null,
    settled_at timestamp
);

-- What pruning has taken: event times below kept_from are gone, of rows landed up to as_of_batch_id.
create table ops.retention (
    topic varchar primary key,
    kept_from timestamp not null,
    as_of_batch_id bigint not null,
    pruned_at timestamp not null
);

-- Which looping run may write now. A run that finds another's id here ends.
create table ops.lease (
    name varchar primary key,
    run_id varchar not null,
    taken_at timestamp not null
);
