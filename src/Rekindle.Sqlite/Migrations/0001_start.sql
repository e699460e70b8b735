-- Instants are Unix milliseconds in bigint, so that both stores share statements and no time zone can creep in
-- (docs/decisions/0003). Texts that the engine writes as words are snake_case. JSON is text: the database never looks inside.
-- Attempt ids are UUIDv7 in lower case, whose order as text is the order of time.

create table integrations (
    id                      integer primary key autoincrement,
    environment             text not null,
    key                     text not null,
    provider                text not null,
    display_name            text not null,
    client_id               text not null default '',
    client_secret           blob,
    previous_client_secret  blob,
    private_key             blob,
    secret_expires_at       bigint,
    scopes                  text not null default '[]',
    purposes                text not null default '{}',
    variables               text not null default '{}',
    allowed_return_urls     text not null default '[]',
    connect_fields          text not null default '[]',
    policy                  text not null default '{}',
    state                   text not null default 'active',
    state_reason            text,
    state_since             bigint,
    throttled_until         bigint,
    next_probe_at           bigint,
    probes                  integer not null default 0,
    config_version          integer not null default 1,
    created_at              bigint not null,
    updated_at              bigint not null,
    unique (environment, key)
);

create table connections (
    shard                           smallint not null,
    id                              bigint not null,
    environment                     text not null default '',
    integration                     text not null default '',
    tenant                          text not null default '',
    subject                         text not null default '',
    purpose                         text not null default '',
    account                         text not null default '',
    integration_id                  integer not null references integrations (id),
    status                          text not null,
    provider_account_id             text,
    provider_account_name           text,
    label                           text,
    metadata                        text not null default '{}',
    variables                       text not null default '{}',
    consecutive_failures            integer not null default 0,
    consecutive_transient_failures  integer not null default 0,
    strikes                         integer not null default 0,
    first_strike_at                 bigint,
    last_strike_at                  bigint,
    next_retry_at                   bigint,
    last_refresh_error              text,
    last_failure_at                 bigint,
    disconnect_reason               text,
    degraded_at                     bigint,
    simulation                      text,
    created_at                      bigint not null,
    updated_at                      bigint not null,
    primary key (shard, id),
    unique (shard, environment, integration, tenant, subject, purpose, account)
);
create index connections_by_environment on connections (environment, shard, id);
create index connections_by_subject on connections (environment, subject, integration, tenant);
create index connections_by_integration on connections (integration_id);
create index connections_unwell on connections (environment, status) where status <> 'active';

-- Material apart from everything that changes for other reasons: a quota update can never race a rotated token (F06), and a
-- refresh that changes nothing else writes nothing else. The sealed values stand last: what is read with every row comes before.
create table token_sets (
    shard                     smallint not null,
    connection_id             bigint not null,
    grant_no                  integer not null,
    version                   integer not null,
    attempt_id                text,          -- the attempt that wrote this version; null: a new grant did
    issued_at                 bigint not null,
    expires_at                bigint,
    refresh_token_expires_at  bigint,
    previous_sent_at          bigint,
    granted_at                bigint not null,
    refreshed_at              bigint,        -- the last refresh, of whichever grant
    updated_at                bigint not null,
    expiry_source             text not null,
    token_type                text not null default 'Bearer',
    client_id                 text not null default '',
    scope                     text not null default '[]',
    fallback                  text,          -- in_use: the previous refresh token was put back; spent: that came to nothing
    access_token              blob,         -- null: erased after a revocation; the row keeps grant number and version
    refresh_token             blob,
    previous_refresh_token    blob,
    primary key (shard, connection_id)
);

-- Narrow and hot. lease_until is written by claim, release and commit only; a row with a lease is not claimable, also when
-- the lease has run out: then it is an open intent (I3).
create table refresh_schedule (
    shard           smallint not null,
    connection_id   bigint not null,
    integration_id  integer not null,
    due_at          bigint,
    lease_until     bigint,
    claimable_at    bigint generated always as (case when lease_until is null and not left_out then due_at end) stored,
    priority        smallint not null default 1,   -- 0: used by callers lately, 1: idle
    degrade_at      bigint,                        -- end of the token of an active connection; null: nothing to watch
    holder          text,
    attempt_id      text,                          -- of the present lease, or of the last one
    leased_at       bigint,
    fence           bigint not null default 0,
    epoch           integer not null default 0,
    open_intents    integer not null default 0,
    in_doubt_since  bigint,
    verdict_held    boolean not null default false,   -- dead, as far as the provider said; neither sent nor published yet
    left_out        boolean not null default false,   -- left out when the database was confirmed: not sent until an operator says so
    jitter          smallint not null default 0,
    last_used_at    bigint,
    primary key (shard, connection_id)
);
create index refresh_schedule_claim on refresh_schedule (integration_id, priority, claimable_at) where claimable_at is not null;
create index refresh_schedule_leased on refresh_schedule (lease_until) where lease_until is not null;
create index refresh_schedule_degrade on refresh_schedule (degrade_at) where degrade_at is not null;

create table attempts (
    id               text not null unique,
    created_at       bigint not null,
    position         integer primary key autoincrement,
    shard            smallint not null,
    connection_id    bigint not null,
    integration_id   integer not null,
    environment      text not null,
    integration      text not null,
    tenant           text not null,
    subject          text not null,
    purpose          text not null,
    account          text not null,
    source           text not null,
    action           text not null,
    class            text not null,
    is_transient     boolean not null,
    decision         text not null,
    next_step        text not null,
    next_retry_at    bigint,
    who_acts         text not null,
    worker           text not null,
    worker_version   text not null,
    duration_ms      integer not null,
    grant_no         integer not null,
    version          integer not null,
    rotated          boolean not null,
    expires_in       bigint,                        -- seconds
    status           integer,
    error_code       text,
    error            text,
    stages           text,
    request          text,
    response         text
);
create index attempts_by_connection on attempts (connection_id, id);
create index attempts_by_environment on attempts (environment, id);

-- Material that came back to a parent that had moved on: kept sealed, reported, never silently dropped (I5).
create table late_results (
    id                        integer primary key autoincrement,
    shard                     smallint not null,
    connection_id             bigint not null,
    attempt_id                text not null unique,
    grant_no                  integer not null,
    version                   integer not null,
    epoch                     integer not null,
    access_token              blob not null,
    refresh_token             blob,
    issued_at                 bigint not null,
    expires_at                bigint,
    expiry_source             text not null,
    refresh_token_expires_at  bigint,
    scope                     text,
    token_type                text not null,
    variables                 text not null,
    due_at                    bigint,
    created_at                bigint not null,
    settled_at                bigint      -- stored after all, or superseded; null: its parent may still stand
);
create index late_results_by_connection on late_results (connection_id);
create index late_results_open on late_results (created_at) where settled_at is null;

-- Verdicts that a grant is over, from the answer until some time after they were published (I10, F1).
create table held_verdicts (
    shard           smallint not null,
    connection_id   bigint not null,
    integration_id  integer not null,
    tenant          text not null,
    grant_no        integer not null,
    version         integer not null,
    reason          text not null,
    title           text not null,
    body            text not null,
    found_at        bigint not null,
    publish_at      bigint not null,
    sampled_at      bigint,                     -- tried again while its integration was suspect
    released_at     bigint,                     -- to be tried once more, and then published if it is found dead again
    published_at    bigint,
    primary key (shard, connection_id)
);
create index held_verdicts_by_integration on held_verdicts (integration_id, found_at);
create index held_verdicts_open on held_verdicts (integration_id) where published_at is null;

create table dependents (
    shard          smallint not null,
    connection_id  bigint not null,
    name           text not null,
    label          text not null,
    consequence    text,
    state          text not null,
    state_since    bigint not null,
    environment    text not null,
    primary key (shard, connection_id, name)
);
create index dependents_by_state on dependents (environment, state);

create table notifications (
    id              integer primary key autoincrement,
    environment     text not null,
    integration_id  integer not null,
    integration     text not null,
    tenant          text not null default '',   -- of a message about one tenant's connections of an integration
    shard           smallint,
    connection_id   bigint,
    kind            text not null,
    audience        text not null,
    title           text not null,
    body            text not null,
    opened_at       bigint not null,
    closed_at       bigint,
    count           integer not null default 1,
    is_test         boolean not null default false
);
create unique index notifications_open_connection on notifications (connection_id, kind)
    where closed_at is null and connection_id is not null and not is_test;
create unique index notifications_open_integration on notifications (integration_id, tenant, kind)
    where closed_at is null and connection_id is null;
create index notifications_undecryptable on notifications (id) where kind = 'undecryptable' and closed_at is null and not is_test;
create index notifications_by_environment on notifications (environment, id);

create table change_feed (
    position        integer primary key autoincrement,
    at              bigint not null,
    kind            text not null,
    connection_id   bigint,
    integration_id  integer,
    version         integer not null default 0
);

create table budgets (
    integration_id  integer not null,
    slot            bigint not null,               -- start of the slot, Unix milliseconds
    taken           integer not null default 0,
    successful      integer not null default 0,
    failed          integer not null default 0,
    primary key (integration_id, slot)
);

create table workers (
    instance_id        text primary key,
    version            text not null,
    started_at         bigint not null,
    seen_at            bigint not null,
    last_cycle_at      bigint,
    in_flight          integer not null default 0,
    slots              integer not null default 0,
    key_ids            text not null default '',
    journal            text,       -- off, ready, failing; null: none to speak of
    journal_open       integer not null default 0,
    journal_oldest_at  bigint,
    timeline           text,       -- onto which it has given back what its journal holds
    clock_skew         bigint,     -- its clock minus the database's, milliseconds; null: leases run on its own
    frozen             text        -- why it refreshes nothing; null: it may
);

-- Histories of this database: a promoted replica begins another, and may have forgotten the last commits of the one before.
create table timelines (
    id             text primary key,
    first_seen_at  bigint not null,
    last_sign_at   bigint              -- of any worker, before the first of them met it
);

-- Whose database this is: one row, written at the first start (docs/decisions/0012).
create table ownership (
    one               smallint primary key default 1 check (one = 1),
    database_id       text not null,
    deployment        text not null,
    endpoint          text not null,
    epoch             bigint not null,             -- raised whenever an owner is confirmed
    mark              bigint not null,             -- until when its owner has worked on it, to a few seconds
    frozen_reason     text,
    frozen_detail     text,
    frozen_at         bigint,
    move_deployment   text,
    move_endpoint     text,
    move_until        bigint                       -- null: no move is announced
);

create table encryption_keys (
    id           text primary key,
    check_value  blob not null,
    created_at   bigint not null
);

create table api_keys (
    id            text primary key,
    environment   text not null,
    name          text not null,
    hash          blob not null,
    scopes        text not null,
    integrations  text not null default '[]',
    tenants       text not null default '[]',
    created_at    bigint not null,
    expires_at    bigint,
    created_by    text
);

create table connect_sessions (
    id                text primary key,
    environment       text not null,
    integration       text,
    tenant            text not null default '',
    subject           text not null,
    purpose           text not null,
    account           text not null default '',
    reconnects        bigint,
    metadata          text not null default '{}',
    variables         text not null default '{}',
    return_url        text,
    client_reference  text,
    auto_complete     boolean not null default false,
    state             text not null,
    state_hash        blob unique,
    browser_hash      blob,
    verifier          blob,
    waiting_consent   blob,
    completion_hash   blob,
    connection_id     bigint,
    error_code        text,
    error             text,
    created_at        bigint not null,
    expires_at        bigint not null,
    link_expires_at   bigint not null
);
create index connect_sessions_by_expiry on connect_sessions (expires_at);
create index connect_sessions_abandoned on connect_sessions (expires_at) where waiting_consent is not null;

create table idempotency_keys (
    owner       text not null,
    key         text not null,
    body_hash   blob not null,
    status      integer,
    body        text,
    created_at  bigint not null,
    deadline    bigint not null,
    primary key (owner, key)
);
create index idempotency_keys_by_time on idempotency_keys (created_at);

create table tombstones (
    connection_id  bigint primary key,
    environment    text not null,
    integration    text not null,
    tenant         text not null,
    subject        text not null,
    purpose        text not null,
    account        text not null,
    grant_no       integer not null,
    reason         text not null,
    deleted_at     bigint not null
);

create table audit (
    id           integer primary key autoincrement,
    at           bigint not null,
    environment  text not null,
    actor        text not null,
    action       text not null,
    target       text not null,
    detail       text
);
create index audit_by_environment on audit (environment, id);
