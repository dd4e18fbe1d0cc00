--liquibase formatted sql

--changeset application:orders
create table application_orders (id bigint primary key);
