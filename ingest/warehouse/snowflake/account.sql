-- What an administrator runs once, before `tickhouse setup snowflake` makes schemas and tables.
-- {database}, {warehouse} and {user} come from SNOWFLAKE_DATABASE, SNOWFLAKE_WAREHOUSE and SNOWFLAKE_USER.
use role accountadmin;

create database if not exists {database};

-- The smallest one does. It sleeps after a minute: a batch every minute keeps it awake.
create warehouse if not exists {warehouse}
    warehouse_size = xsmall auto_suspend = 60 auto_resume = true initially_suspended = true;

-- tickhouse_loader lands rows and moves positions, tickhouse_builder makes marts, tickhouse_reader asks.
create role if not exists tickhouse_loader;
create role if not exists tickhouse_builder;
create role if not exists tickhouse_reader;
grant role tickhouse_reader to role tickhouse_builder;
grant usage on warehouse {warehouse} to role tickhouse_loader;
grant usage on warehouse {warehouse} to role tickhouse_reader;

grant usage, create schema on database {database} to role tickhouse_builder;
grant usage on database {database} to role tickhouse_loader;
grant usage on database {database} to role tickhouse_reader;

create schema if not exists {database}.raw;
create schema if not exists {database}.ops;
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

grant role tickhouse_loader to user {user};
grant role tickhouse_builder to user {user};
-- alter user {user} set rsa_public_key = '...';   -- the public half of SNOWFLAKE_PRIVATE_KEY_PATH
