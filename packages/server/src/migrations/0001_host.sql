-- Fixed Service's tables: the host whose changes the engine watches.
--
-- Tenant isolation is in the database itself. Every table has tenant_id and unique (tenant_id, id), and
-- every reference is a composite key (tenant_id, customer_id) -> customers (tenant_id, id): a row that
-- points into another tenant cannot be written, by nobody.
--
-- A foreign key is named <table>_<column>_fk, a check <table>_<column>_check, a unique constraint
-- <table>_<column>_unique: the API reads the field out of the name when the database refuses a write.

create table tenants (
  id         bigint generated always as identity primary key,
  slug       text not null constraint tenants_slug_unique unique,
  name       text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tenants_slug_check check (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
  constraint tenants_name_check check (length(name) between 1 and 200)
);

create table statuses (
  id         bigint generated always as identity primary key,
  tenant_id  bigint not null constraint statuses_tenant_id_fk references tenants on delete cascade,
  name       text not null,
  position   integer not null default 0,
  -- A work item that enters a closed status gets its closed_date.
  is_closed  boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint statuses_id_unique unique (tenant_id, id),
  constraint statuses_name_unique unique (tenant_id, name),
  constraint statuses_name_check check (length(name) between 1 and 100)
);

create table customers (
  id         bigint generated always as identity primary key,
  tenant_id  bigint not null constraint customers_tenant_id_fk references tenants,
  name       text not null,
  email      text,
  phone      text,
  address    text,
  comments   text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint customers_id_unique unique (tenant_id, id),
  constraint customers_name_check check (length(name) between 1 and 200),
  constraint customers_email_check check (length(email) <= 320),
  constraint customers_phone_check check (length(phone) <= 50),
  constraint customers_address_check check (length(address) <= 1000),
  constraint customers_comments_check check (length(comments) <= 10000)
);

create table employees (
  id         bigint generated always as identity primary key,
  tenant_id  bigint not null constraint employees_tenant_id_fk references tenants,
  name       text not null,
  email      text,
  phone      text,
  is_active  boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint employees_id_unique unique (tenant_id, id),
  constraint employees_name_check check (length(name) between 1 and 200),
  constraint employees_email_check check (length(email) <= 320),
  constraint employees_phone_check check (length(phone) <= 50)
);

-- A customer's device.
create table assets (
  id            bigint generated always as identity primary key,
  tenant_id     bigint not null constraint assets_tenant_id_fk references tenants,
  name          text not null,
  kind          text,
  manufacturer  text,
  model         text,
  serial_number text,
  customer_id   bigint,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  constraint assets_id_unique unique (tenant_id, id),
  constraint assets_customer_id_fk foreign key (tenant_id, customer_id) references customers (tenant_id, id),
  constraint assets_name_check check (length(name) between 1 and 200),
  constraint assets_kind_check check (length(kind) <= 100),
  constraint assets_manufacturer_check check (length(manufacturer) <= 100),
  constraint assets_model_check check (length(model) <= 100),
  constraint assets_serial_number_check check (length(serial_number) <= 100)
);
create index assets_of_customer on assets (tenant_id, customer_id) where customer_id is not null;

create table locations (
  id         bigint generated always as identity primary key,
  tenant_id  bigint not null constraint locations_tenant_id_fk references tenants,
  name       text not null,
  address    text,
  phone      text,
  comments   text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint locations_id_unique unique (tenant_id, id),
  constraint locations_name_check check (length(name) between 1 and 200),
  constraint locations_address_check check (length(address) <= 1000),
  constraint locations_phone_check check (length(phone) <= 50),
  constraint locations_comments_check check (length(comments) <= 10000)
);

create table work_items (
  id                bigint generated always as identity primary key,
  tenant_id         bigint not null constraint work_items_tenant_id_fk references tenants,
  reference_id      text not null,
  description       text not null default '',
  -- Plain text: an import or an SQL writer never fails on it. The tenant's statuses are what forms offer.
  status            text not null default 'New',
  type              text not null default 'Chargeable Repair',
  priority          text not null default 'Standard',
  created_date      timestamptz not null default now(),
  due_date          timestamptz,
  closed_date       timestamptz,
  customer_id       bigint,
  owner_id          bigint,
  technician_id     bigint,
  customer_asset_id bigint,
  dropoff_point_id  bigint,
  estimated_price   numeric(12, 2),
  final_price       numeric(12, 2),
  currency          text not null default 'PLN',
  intake_method     text not null default 'walk_in',
  comments          text,
  device_condition  text,
  accessories       text,
  serial_number     text,
  updated_at        timestamptz not null default now(),
  constraint work_items_id_unique unique (tenant_id, id),
  constraint work_items_reference_id_unique unique (tenant_id, reference_id),
  constraint work_items_customer_id_fk foreign key (tenant_id, customer_id) references customers (tenant_id, id),
  constraint work_items_owner_id_fk foreign key (tenant_id, owner_id) references employees (tenant_id, id),
  constraint work_items_technician_id_fk foreign key (tenant_id, technician_id) references employees (tenant_id, id),
  constraint work_items_customer_asset_id_fk
    foreign key (tenant_id, customer_asset_id) references assets (tenant_id, id),
  constraint work_items_dropoff_point_id_fk
    foreign key (tenant_id, dropoff_point_id) references locations (tenant_id, id),
  constraint work_items_reference_id_check check (length(reference_id) between 1 and 50),
  constraint work_items_description_check check (length(description) <= 10000),
  constraint work_items_status_check check (length(status) between 1 and 100),
  constraint work_items_type_check check (length(type) <= 100),
  constraint work_items_priority_check check (length(priority) <= 100),
  -- "between" and not ">= 0", because NaN is greater than every number.
  constraint work_items_estimated_price_check check (estimated_price between 0 and 9999999999.99),
  constraint work_items_final_price_check check (final_price between 0 and 9999999999.99),
  constraint work_items_currency_check check (currency ~ '^[A-Z]{3}$'),
  constraint work_items_intake_method_check check (length(intake_method) <= 100),
  constraint work_items_comments_check check (length(comments) <= 10000),
  constraint work_items_device_condition_check check (length(device_condition) <= 2000),
  constraint work_items_accessories_check check (length(accessories) <= 2000),
  constraint work_items_serial_number_check check (length(serial_number) <= 100)
);
-- For deletes of what they refer to and for lists by it. No index on status: every change of a status
-- would then write all indexes of the row.
create index work_items_of_customer on work_items (tenant_id, customer_id) where customer_id is not null;
create index work_items_of_owner on work_items (tenant_id, owner_id) where owner_id is not null;
create index work_items_of_technician on work_items (tenant_id, technician_id) where technician_id is not null;
create index work_items_of_asset on work_items (tenant_id, customer_asset_id) where customer_asset_id is not null;
create index work_items_of_location on work_items (tenant_id, dropoff_point_id) where dropoff_point_id is not null;

create table tasks (
  id             bigint generated always as identity primary key,
  tenant_id      bigint not null constraint tasks_tenant_id_fk references tenants,
  reference_id   text not null,
  title          text not null,
  description    text,
  status         text not null default 'New',
  priority       text not null default 'Standard',
  created_date   timestamptz not null default now(),
  due_date       timestamptz,
  completed_date timestamptz,
  work_item_id   bigint,
  assignee_id    bigint,
  updated_at     timestamptz not null default now(),
  constraint tasks_id_unique unique (tenant_id, id),
  constraint tasks_reference_id_unique unique (tenant_id, reference_id),
  constraint tasks_work_item_id_fk foreign key (tenant_id, work_item_id) references work_items (tenant_id, id),
  constraint tasks_assignee_id_fk foreign key (tenant_id, assignee_id) references employees (tenant_id, id),
  constraint tasks_reference_id_check check (length(reference_id) between 1 and 50),
  constraint tasks_title_check check (length(title) between 1 and 200),
  constraint tasks_description_check check (length(description) <= 10000),
  constraint tasks_status_check check (length(status) between 1 and 100),
  constraint tasks_priority_check check (length(priority) <= 100)
);
create index tasks_of_work_item on tasks (tenant_id, work_item_id) where work_item_id is not null;
create index tasks_of_assignee on tasks (tenant_id, assignee_id) where assignee_id is not null;

-- A line on any record's timeline. No foreign key to the record, because it may be of any model; the
-- triggers below remove the notes of a record with it.
create table notes (
  id         bigint generated always as identity primary key,
  tenant_id  bigint not null constraint notes_tenant_id_fk references tenants,
  model      text not null,
  record_id  bigint not null,
  body       text not null,
  -- null: the system
  author_id  bigint,
  -- Set for a sync's outcome (the engine's table, in its own line of migrations: no foreign key).
  sync_id    bigint,
  outcome    text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint notes_id_unique unique (tenant_id, id),
  constraint notes_author_id_fk foreign key (tenant_id, author_id) references employees (tenant_id, id),
  constraint notes_model_check check (length(model) between 1 and 100),
  constraint notes_body_check check (length(body) between 1 and 10000),
  constraint notes_outcome_check check (outcome in ('synced', 'failed'))
);
-- A repeated failure updates its note in place.
create unique index notes_one_per_outcome on notes (sync_id, outcome) where sync_id is not null;
create index notes_of_record on notes (tenant_id, model, record_id, id);
create index notes_of_author on notes (tenant_id, author_id) where author_id is not null;

create table api_keys (
  id             bigint generated always as identity primary key,
  tenant_id      bigint not null constraint api_keys_tenant_id_fk references tenants on delete cascade,
  name           text not null,
  role           text not null,
  -- What finds the key; the rest of it is only ever compared as a hash.
  prefix         text not null constraint api_keys_prefix_unique unique,
  last_four      text not null,
  hash           bytea not null constraint api_keys_hash_unique unique,
  -- The integration that writes with this key: its own changes do not return to it.
  integration_id bigint,
  created_at     timestamptz not null default now(),
  last_used_at   timestamptz,
  expires_at     timestamptz,
  revoked_at     timestamptz,
  constraint api_keys_id_unique unique (tenant_id, id),
  constraint api_keys_name_check check (length(name) between 1 and 200),
  constraint api_keys_role_check check (role in ('owner', 'admin', 'operator', 'viewer')),
  constraint api_keys_hash_check check (length(hash) = 32)
);

-- What a POST with an Idempotency-Key answered, for 24 hours.
create table idempotency_keys (
  tenant_id   bigint not null constraint idempotency_keys_tenant_id_fk references tenants on delete cascade,
  key         text not null,
  -- sha-256 of method, path and body
  fingerprint bytea not null,
  -- null while the first request is still at work
  status      integer,
  body        text,
  created_at  timestamptz not null default now(),
  constraint idempotency_keys_pk primary key (tenant_id, key),
  constraint idempotency_keys_key_check check (length(key) between 1 and 255)
);
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Reference ids: RMA-1, RMA-2, ... and T-1, T-2, ... per tenant.
--
-- From one sequence per tenant and model, and not from a counter row: two writers never wait for each
-- other's commit, and plain SQL inserts get theirs too. The price is gaps (a rolled-back insert uses its
-- number up) and two sequences a tenant. A number that an import took by hand is stepped over.
create function set_up_tenant() returns trigger language plpgsql as $$
begin
  execute format('create sequence %I.%I as bigint', tg_table_schema, 'work_item_reference_' || new.id);
  execute format('create sequence %I.%I as bigint', tg_table_schema, 'task_reference_' || new.id);
  insert into statuses (tenant_id, name, position, is_closed)
  values (new.id, 'New', 1, false), (new.id, 'In Progress', 2, false), (new.id, 'Waiting for Parts', 3, false),
         (new.id, 'Ready', 4, false), (new.id, 'Completed', 5, true), (new.id, 'Cancelled', 6, true);
  return null;
end $$;
create trigger tenants_set_up after insert on tenants for each row execute function set_up_tenant();

create function tear_down_tenant() returns trigger language plpgsql as $$
begin
  execute format('drop sequence if exists %I.%I', tg_table_schema, 'work_item_reference_' || old.id);
  execute format('drop sequence if exists %I.%I', tg_table_schema, 'task_reference_' || old.id);
  return null;
end $$;
create trigger tenants_tear_down after delete on tenants for each row execute function tear_down_tenant();

-- Arguments: the sequence's prefix, and what stands before the number.
create function assign_reference_id() returns trigger language plpgsql as $$
declare
  numbers regclass := to_regclass(format('%I.%I', tg_table_schema, tg_argv[0] || '_reference_' || new.tenant_id));
  taken boolean;
begin
  if numbers is null then
    raise foreign_key_violation using
      message = format('there is no tenant %s', new.tenant_id), constraint = tg_table_name || '_tenant_id_fk';
  end if;
  loop
    new.reference_id := tg_argv[1] || nextval(numbers);
    execute format('select exists (select from %I.%I where tenant_id = $1 and reference_id = $2)',
                   tg_table_schema, tg_table_name) into taken using new.tenant_id, new.reference_id;
    exit when not taken;
  end loop;
  return new;
end $$;
create trigger work_items_assign_reference_id before insert on work_items for each row
  when (new.reference_id is null) execute function assign_reference_id('work_item', 'RMA-');
create trigger tasks_assign_reference_id before insert on tasks for each row
  when (new.reference_id is null) execute function assign_reference_id('task', 'T-');

-- A work item that enters a closed status is closed now, unless the writer says when; one that leaves
-- it is open again.
create function set_closed_date() returns trigger language plpgsql as $$
declare
  closes boolean := exists (
    select from statuses where tenant_id = new.tenant_id and name = new.status and is_closed);
begin
  if tg_op = 'INSERT' then
    if closes and new.closed_date is null then
      new.closed_date := now();
    end if;
  elsif new.closed_date is not distinct from old.closed_date then
    if not closes then
      new.closed_date := null;
    elsif new.closed_date is null then
      new.closed_date := now();
    end if;
  end if;
  return new;
end $$;
create trigger work_items_set_closed_date_on_insert before insert on work_items for each row
  execute function set_closed_date();
create trigger work_items_set_closed_date before update on work_items for each row
  when (new.status is distinct from old.status) execute function set_closed_date();

-- updated_at says when the row last became different; an update that changes nothing leaves it.
create function touch_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end $$;

-- Argument: the model's name in notes.
create function delete_notes_of_record() returns trigger language plpgsql as $$
begin
  delete from notes where tenant_id = old.tenant_id and model = tg_argv[0] and record_id = old.id;
  return null;
end $$;

do $$
declare
  watched text;
begin
  foreach watched in array array['tenants', 'statuses', 'customers', 'employees', 'assets', 'locations',
                                 'work_items', 'tasks', 'notes'] loop
    execute format(
      'create trigger %I before update on %I for each row when (old.* is distinct from new.*)
         execute function touch_updated_at()', watched || '_touch_updated_at', watched);
  end loop;
  foreach watched in array array['customers', 'employees', 'assets', 'locations', 'work_items', 'tasks'] loop
    execute format(
      'create trigger %I after delete on %I for each row execute function delete_notes_of_record(%L)',
      watched || '_delete_notes', watched, left(watched, -1));
  end loop;
end $$;
