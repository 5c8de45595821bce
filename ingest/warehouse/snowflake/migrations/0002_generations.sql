-- Since when a model's rows can be followed, batch by batch.
create table if not exists ops.generations (
    model varchar not null, began_at timestamp_ntz(6) not null, followable_after integer not null
);
insert into ops.generations
select model, sysdate(), 0 from ops.model_progress
where model not in (select model from ops.generations);
