import type { ColumnType, Generated } from 'kysely';

/** Fixed Service's tables as TypeScript sees them; the truth is migrations/0001_host.sql. */
export interface Database {
  tenants: Tenants;
  statuses: Statuses;
  customers: Customers;
  employees: Employees;
  assets: Assets;
  locations: Locations;
  work_items: WorkItems;
  tasks: Tasks;
  notes: Notes;
  api_keys: ApiKeys;
  idempotency_keys: IdempotencyKeys;
}

type Time = ColumnType<Date, Date | undefined, Date>;
type OptionalTime = ColumnType<Date | null, Date | null | undefined, Date | null>;
/** numeric comes as text, so that no digit is lost. */
type Money = ColumnType<string | null, string | null | undefined, string | null>;
/** Has a default in the database. */
type Defaulted<T> = ColumnType<T, T | undefined, T>;

export interface Tenants {
  id: Generated<number>;
  slug: string;
  name: string;
  created_at: Time;
  updated_at: Time;
}

/** What every table of a tenant has. */
interface Owned {
  id: Generated<number>;
  tenant_id: number;
  created_at: Time;
  updated_at: Time;
}

export interface Statuses extends Owned {
  name: string;
  position: Defaulted<number>;
  is_closed: Defaulted<boolean>;
}

export interface Customers extends Owned {
  name: string;
  email: string | null;
  phone: string | null;
  address: string | null;
  comments: string | null;
}

export interface Employees extends Owned {
  name: string;
  email: string | null;
  phone: string | null;
  is_active: Defaulted<boolean>;
}

export interface Assets extends Owned {
  name: string;
  kind: string | null;
  manufacturer: string | null;
  model: string | null;
  serial_number: string | null;
  customer_id: number | null;
}

export interface Locations extends Owned {
  name: string;
  address: string | null;
  phone: string | null;
  comments: string | null;
}

export interface WorkItems {
  id: Generated<number>;
  tenant_id: number;
  reference_id: Generated<string>;
  description: Defaulted<string>;
  status: Defaulted<string>;
  type: Defaulted<string>;
  priority: Defaulted<string>;
  created_date: Time;
  due_date: OptionalTime;
  closed_date: OptionalTime;
  customer_id: number | null;
  owner_id: number | null;
  technician_id: number | null;
  customer_asset_id: number | null;
  dropoff_point_id: number | null;
  estimated_price: Money;
  final_price: Money;
  currency: Defaulted<string>;
  intake_method: Defaulted<string>;
  comments: string | null;
  device_condition: string | null;
  accessories: string | null;
  serial_number: string | null;
  updated_at: Time;
}

export interface Tasks {
  id: Generated<number>;
  tenant_id: number;
  reference_id: Generated<string>;
  title: string;
  description: string | null;
  status: Defaulted<string>;
  priority: Defaulted<string>;
  created_date: Time;
  due_date: OptionalTime;
  completed_date: OptionalTime;
  work_item_id: number | null;
  assignee_id: number | null;
  updated_at: Time;
}

export interface Notes extends Owned {
  model: string;
  record_id: number;
  body: string;
  /** null: the system */
  author_id: number | null;
  sync_id: number | null;
  outcome: 'synced' | 'failed' | null;
}

export type Role = 'owner' | 'admin' | 'operator' | 'viewer';

export interface ApiKeys {
  id: Generated<number>;
  tenant_id: number;
  name: string;
  role: Role;
  prefix: string;
  last_four: string;
  hash: Buffer;
  integration_id: number | null;
  created_at: Time;
  last_used_at: OptionalTime;
  expires_at: OptionalTime;
  revoked_at: OptionalTime;
}

export interface IdempotencyKeys {
  tenant_id: number;
  key: string;
  fingerprint: Buffer;
  status: number | null;
  body: string | null;
  created_at: Time;
}
