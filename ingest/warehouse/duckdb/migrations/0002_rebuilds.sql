-- Models to build anew at their next run, because they were asked to or stand on one that was. Only ever
-- appended to by others, so that models that are built side by side never touch the same row.
create table ops.rebuilds_due (model varchar not null);
