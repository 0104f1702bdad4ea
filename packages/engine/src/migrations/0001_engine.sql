-- The engine's tables, in the order of an event's way. Words are those of docs/glossary.md.
-- tenant_id and record_id are text, because the engine serves any host: integers, uuids, slugs.
-- The hot tables have no foreign keys: each check costs an index probe a row, and the rows are
-- only ever inserted together, in the dispatch transaction (docs/decisions/0003-tables.md).

create table tenant_integrations (
  id             bigint generated always as identity primary key,
  tenant_id      text not null,
  name           text not null,
  connector      text not null,
  event_types    text[] not null,
  url            text,
  auth           jsonb not null default '{"type": "none"}',
  signing        jsonb not null default '{"type": "none"}',
  -- Sealed (AES-256-GCM): header values, credentials, signing secrets. secrets_info says, per field,
  -- {"last_four", "set_at"}, so that nobody has to open the seal to show that a value exists.
  secrets        text,
  secrets_info   jsonb not null default '{}',
  filter         jsonb,
  template       jsonb,
  settings       jsonb not null default '{}',
  retry_policy   jsonb not null default '{"preset": "standard"}',
  rate_limit     jsonb,
  concurrency    integer not null default 16,
  ordering       text not null default 'record',
  coalesce       boolean not null default false,
  notes          text not null default 'all',
  -- What works but is probably not meant, in plain words: a test URL, no authentication.
  warnings       text[] not null default '{}',
  -- false: events are not even queued. paused_at: they are queued and kept (parked) until resumed.
  is_active      boolean not null default true,
  paused_at      timestamptz,
  pause_reason   text,
  -- Rises with every change, so that workers know when what they keep in memory is stale.
  version        integer not null default 1,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  deleted_at     timestamptz,
  constraint ordering_is_known check (ordering in ('record', 'none')),
  constraint notes_is_known check (notes in ('all', 'failures', 'none')),
  constraint concurrency_in_range check (concurrency between 1 and 1000)
);
create index tenant_integrations_of_tenant on tenant_integrations (tenant_id, id) where deleted_at is null;

-- How an integration fares. Apart from its configuration, because every flush may write it.
create table integration_health (
  integration_id       bigint primary key references tenant_integrations on delete cascade,
  last_success_at      timestamptz,
  last_failure_at      timestamptz,
  last_error           text,
  failing_since        timestamptz,
  consecutive_failures integer not null default 0
);

-- The outbox: one row per captured row write, or per emitted event. Dispatch deletes it in the
-- transaction that inserts the events, so the table stays as small as what is not yet dispatched.
create table integration_changes (
  id           bigint generated always as identity primary key,
  tenant_id    text not null,
  model        text not null,
  record_id    text not null,
  operation    text not null,
  old          json,
  new          json not null,
  -- set only for operation 'emit'
  event_type   text,
  actor        json,
  origin       bigint,
  depth        integer not null default 0,
  occurred_at  timestamptz not null default now(),
  -- A change whose payload could not be built waits here, and later changes of its record with it.
  failures     integer not null default 0,
  retry_at     timestamptz,
  error        text,
  constraint operation_is_known check (operation in ('insert', 'update', 'emit'))
);
create index integration_changes_stuck on integration_changes (model, record_id) where retry_at is not null;

-- Every record that has raised its created event: a second insert of the same key raises none.
create table integration_records (
  model      text not null,
  record_id  text not null,
  created_at timestamptz not null default now(),
  primary key (model, record_id)
);

create sequence integration_event_sequence as bigint cache 1;

create table integration_events (
  id          uuid primary key,
  -- Rising per record (it rises over all of them), so a receiver can drop what is stale.
  sequence    bigint not null,
  tenant_id   text not null,
  model       text not null,
  record_id   text not null,
  event_type  text not null,
  -- The JSON text that is sent. text, not jsonb: 5.5 µs against 18 µs per KB, and what is signed is what is stored.
  payload     text not null,
  actor       json,
  origin      bigint,
  depth       integer not null default 0,
  occurred_at timestamptz not null,
  created_at  timestamptz not null default now()
);
create index integration_events_of_tenant on integration_events (tenant_id, sequence);
create index integration_events_of_record on integration_events (model, record_id, sequence);

create table integration_syncs (
  id              bigint generated always as identity primary key,
  tenant_id       text not null,
  integration_id  bigint not null,
  event_id        uuid not null,
  event_type      text not null,
  model           text not null,
  record_id       text not null,
  status          text not null default 'pending',
  -- Why it is in that status, as a code (glossary: reason). null while simply queued.
  reason          text,
  attempts        integer not null default 0,
  -- Retries used of the policy's budget; a retry by hand starts a new budget.
  retries         integer not null default 0,
  -- null while pending: an earlier sync of its lane (integration, record) must end first.
  next_attempt_at timestamptz,
  -- Set when a later sync of the lane waits for this one, so that ending it knows to wake that one.
  followed        boolean not null default false,
  leased_by       bigint,
  leased_until    timestamptz,
  last_error      text,
  external_id     text,
  -- Only when somebody edited it for a retry; otherwise the event's.
  payload         text,
  created_at      timestamptz not null default now(),
  -- When it was synced, failed or cancelled.
  ended_at        timestamptz,
  -- When the retry_failed_syncs chore gave it its one second chance.
  revived_at      timestamptz,
  constraint one_sync_per_integration_and_event unique (integration_id, event_id),
  constraint status_is_known check (status in ('pending', 'synced', 'failed', 'cancelled'))
) with (fillfactor = 60);
-- What may be tried: claims walk it per integration in due order. Kept free of syncs that wait in a lane.
create index integration_syncs_due on integration_syncs (integration_id, next_attempt_at, id)
  where status = 'pending' and next_attempt_at is not null;
-- Who is in a lane: dispatch finds the last one, ending a sync finds the next one.
create index integration_syncs_lane on integration_syncs (integration_id, record_id, model, id) where status = 'pending';
create index integration_syncs_of_tenant on integration_syncs (tenant_id, id);
create index integration_syncs_failed on integration_syncs (tenant_id, integration_id, id) where status = 'failed';
create index integration_syncs_of_event on integration_syncs (event_id);
create index integration_syncs_of_record on integration_syncs (model, record_id, id);

create table integration_attempts (
  id             bigint generated always as identity primary key,
  tenant_id      text not null,
  sync_id        bigint not null,
  integration_id bigint not null,
  number         integer not null,
  started_at     timestamptz not null,
  duration_ms    integer not null,
  verdict        text not null,
  explanation    text,
  -- [{method, url, headers, body?, status?, response_headers?, response_body?, truncated?, failure?, timing}], redacted.
  -- A body that is the sync's payload is not repeated.
  calls          json not null,
  worker         bigint
);
create index integration_attempts_of_sync on integration_attempts (sync_id, number);
create index integration_attempts_of_tenant on integration_attempts (tenant_id, id);

create table integration_workers (
  id            bigint generated always as identity primary key,
  roles         text[] not null,
  host          text not null,
  pid           integer not null,
  version       text not null,
  concurrency   integer not null,
  started_at    timestamptz not null default now(),
  seen_at       timestamptz not null default now(),
  -- What it is doing, for `inspect active`: [{sync_id, integration_id, event_type, started_at}]
  active        json not null default '[]',
  stats         json not null default '{}'
);

-- Who may run what only one process may run at a time, such as the chores.
create table integration_leases (
  name         text primary key,
  holder       bigint not null,
  leased_until timestamptz not null
);
