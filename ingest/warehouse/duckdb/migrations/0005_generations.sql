-- Which warehouse this is: a store that marts are written to remembers whose they are.
create table ops.warehouse (id varchar not null);
insert into ops.warehouse values (uuid()::varchar);

-- Since when a model's rows can be followed, batch by batch: since it was last built anew, and after the batch
-- up to which some of them, or the notes of vanished ones, have gone without a trace.
create table ops.generations (
    model varchar not null,
    began_at timestamp not null,
    followable_after bigint not null
);
insert into ops.generations select model, now()::timestamp, 0 from ops.model_progress;

-- How far each store has been seen to follow a model: what it has not passed yet is kept for it.
create table ops.sinks (
    sink varchar not null,
    target varchar not null,
    model varchar not null,
    through bigint not null
);
