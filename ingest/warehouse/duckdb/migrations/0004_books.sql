-- Models that keep their rows for a shorter time than raw its messages: what landed up to this batch is gone.
create table ops.short_lived (
    model varchar not null,
    topic varchar not null,
    gone_through_batch_id bigint not null,
    primary key (model, topic)
);

-- Whole books that pruning left: their snapshots are gone, so a rebuild begins with these. A row per level.
create table ops.kept_books (
    topic varchar not null,
    venue varchar not null,
    symbol varchar not null,
    sequence bigint not null,
    side varchar not null,
    price decimal(38, 10) not null,
    quantity decimal(38, 10) not null,
    event_at timestamp,
    received_at timestamp,
    published_at timestamp not null,
    landed_at timestamp not null,
    aged_at timestamp not null,
    topic_life integer not null,
    kafka_partition integer not null,
    kafka_offset bigint not null,
    landed_batch_id bigint not null,
    batch_id bigint not null
);
