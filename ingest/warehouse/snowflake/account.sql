-- What an administrator reviews and runs once, before `tickhouse setup snowflake` makes schemas and tables.
-- {database}, {warehouse} and {user} come from SNOWFLAKE_DATABASE, SNOWFLAKE_WAREHOUSE and SNOWFLAKE_USER.
-- What is made belongs to SYSADMIN, whom the roles below report to.
use role sysadmin;

create database if not exists {database};
create schema if not exists {database}.raw;
create schema if not exists {database}.ops;

-- The smallest one does. It sleeps after a minute: a batch every minute keeps it awake. No statement of ours
-- takes an hour; what waits for a warehouse that is full gives up, and is tried again.
create warehouse if not exists {warehouse}
    warehouse_size = xsmall auto_suspend = 60 auto_resume = true initially_suspended = true
    statement_timeout_in_seconds = 3600 statement_queued_timeout_in_seconds = 600;

-- tickhouse_loader lands rows and moves positions, tickhouse_builder makes marts, tickhouse_reader asks.
-- tickhouse_loop does the work of the first two, in one run.
use role useradmin;
create role if not exists tickhouse_loader;
create role if not exists tickhouse_builder;
create role if not exists tickhouse_reader;
create role if not exists tickhouse_loop;
grant role tickhouse_reader to role tickhouse_builder;
grant role tickhouse_loader to role tickhouse_loop;
grant role tickhouse_builder to role tickhouse_loop;
grant role tickhouse_loop to role sysadmin;

-- A user a role, and nobody logs in as either by hand. Without SNOWFLAKE_ROLE they have their default role.
create user if not exists {user}
    type = service default_role = tickhouse_loop default_warehouse = {warehouse} default_secondary_roles = ();
create user if not exists {user}_reader
    type = service default_role = tickhouse_reader default_warehouse = {warehouse} default_secondary_roles = ();
grant role tickhouse_loop to user {user};
grant role tickhouse_reader to user {user}_reader;
-- alter user {user} set rsa_public_key = '...';   -- the public half of SNOWFLAKE_PRIVATE_KEY_PATH
-- For the sessions of dbt, which sets none of this itself; ours set it for themselves.
alter user {user} set
    timezone = 'UTC' timestamp_type_mapping = 'TIMESTAMP_NTZ' autocommit = true transaction_abort_on_error = false
    lock_timeout = 600 abort_detached_query = true statement_timeout_in_seconds = 3600;

-- Grants on what is yet to be made need MANAGE GRANTS, which SECURITYADMIN has.
use role securityadmin;
grant usage on warehouse {warehouse} to role tickhouse_loader;
grant usage on warehouse {warehouse} to role tickhouse_reader;
grant usage, create schema on database {database} to role tickhouse_builder;
grant usage on database {database} to role tickhouse_loader;
grant usage on database {database} to role tickhouse_reader;
grant usage on all schemas in database {database} to role tickhouse_loader;
grant usage on all schemas in database {database} to role tickhouse_builder;
grant usage on all schemas in database {database} to role tickhouse_reader;
grant usage on future schemas in database {database} to role tickhouse_reader;
grant create table, create stage on schema {database}.raw to role tickhouse_builder;
grant create table on schema {database}.ops to role tickhouse_builder;
grant read, write on future stages in schema {database}.raw to role tickhouse_loader;
grant select, insert on future tables in schema {database}.raw to role tickhouse_loader;
grant select, insert, update, delete on future tables in schema {database}.ops to role tickhouse_loader;
-- Of a schema that has grants on future tables of its own, those of the database are passed over.
grant select on future tables in schema {database}.raw to role tickhouse_reader;
grant select on future tables in schema {database}.ops to role tickhouse_reader;
grant select on future tables in database {database} to role tickhouse_reader;
grant select on future views in database {database} to role tickhouse_reader;
grant usage on future functions in database {database} to role tickhouse_reader;

-- What a month may cost: told at 80 %, and no new statement at 100 %. 720 credits: an XS that never sleeps.
use role accountadmin;
create resource monitor if not exists tickhouse with
    credit_quota = 720 frequency = monthly start_timestamp = immediately
    triggers on 80 percent do notify on 100 percent do suspend;
alter warehouse {warehouse} set resource_monitor = tickhouse;

-- From where they may come: fill in the addresses that your runs have, then run it.
-- create network policy tickhouse allowed_ip_list = ('203.0.113.0/24');
-- alter user {user} set network_policy = tickhouse;
-- alter user {user}_reader set network_policy = tickhouse;
