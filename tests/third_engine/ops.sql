create schema raw;
create schema ops;
create table raw.any_topic (
    kafka_topic varchar, topic_life integer, kafka_partition integer, kafka_offset bigint,
    key varchar, key_bytes blob, published_at timestamp, received_at timestamp,
    headers struct(name varchar, value varchar, value_bytes blob)[],
    payload varchar, payload_bytes blob, landed_at timestamp, batch_id bigint
);
create table ops.topic_lives (
    topic varchar, topic_life integer, topic_id varchar, opened_at timestamp, reason varchar
);
create table ops.positions (
    topic varchar, topic_life integer, kafka_partition integer, next_offset bigint, moved_at timestamp
);
create table ops.batches (
    batch_id bigint, kind varchar, topic varchar, replay_first_batch_id bigint, replay_last_batch_id bigint,
    run_id varchar, committed_at timestamp
);
create table ops.windows (
    batch_id bigint, topic varchar, topic_life integer, kafka_partition integer, first_offset bigint,
    end_offset bigint, row_count bigint, payload_bytes bigint
);
create table ops.lost_ranges (
    batch_id bigint, topic varchar, topic_life integer, kafka_partition integer, first_offset bigint,
    end_offset bigint, reason varchar, noticed_at timestamp
);
create table ops.lease (name varchar, run_id varchar, taken_at timestamp);
