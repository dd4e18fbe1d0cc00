create table if not exists votes (user_id text not null, drink text not null);
