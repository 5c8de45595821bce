-- Price alerts that somebody was told of, so that each is told once; and whether that was taken back.
create table ops.told_alerts (
    venue varchar not null,
    symbol varchar not null,
    window_start_at timestamp not null,
    rule varchar not null,
    told_at timestamp not null,
    retracted_at timestamp
);
