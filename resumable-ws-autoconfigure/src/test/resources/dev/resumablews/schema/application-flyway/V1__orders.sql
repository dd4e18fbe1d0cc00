create table application_orders (id bigint primary key);
