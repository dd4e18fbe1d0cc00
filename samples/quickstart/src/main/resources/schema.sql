create table if not exists drinks (drink text primary key, votes bigint not null);
