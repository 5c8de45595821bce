-- A warehouse for each kind of work, so that none waits for another. An administrator reviews and runs this after
-- `tickhouse setup snowflake --account`; it is safe to repeat. More than one cluster wants the Enterprise edition.
use role accountadmin;

create warehouse if not exists tickhouse_load initially_suspended = true;
create warehouse if not exists tickhouse_build initially_suspended = true;
create warehouse if not exists tickhouse_read initially_suspended = true;

-- Landings wait for each other: a second cluster would have nothing to do.
alter warehouse tickhouse_load set
    warehouse_size = xsmall min_cluster_count = 1 max_cluster_count = 1
    auto_suspend = 60 auto_resume = true statement_timeout_in_seconds = 600;

-- A build is some large statements: when it takes too long, a size more, not a cluster more.
alter warehouse tickhouse_build set
    warehouse_size = small min_cluster_count = 1 max_cluster_count = 1
    auto_suspend = 60 auto_resume = true statement_timeout_in_seconds = 3600;

-- Many people with small questions: when they queue, a cluster more, not a size more.
alter warehouse tickhouse_read set
    warehouse_size = xsmall min_cluster_count = 1 max_cluster_count = 4 scaling_policy = standard
    auto_suspend = 60 auto_resume = true statement_timeout_in_seconds = 300;

grant usage on warehouse tickhouse_load to role tickhouse_loader;
grant usage on warehouse tickhouse_build to role tickhouse_builder;
grant usage on warehouse tickhouse_build to role tickhouse_loop;
grant usage on warehouse tickhouse_read to role tickhouse_reader;
