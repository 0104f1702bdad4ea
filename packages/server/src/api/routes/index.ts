import type { Api, Services } from '../api.ts';
import { assets } from './assets.ts';
import { attempts } from './attempts.ts';
import { connectors } from './connectors.ts';
import { customers } from './customers.ts';
import { employees } from './employees.ts';
import { eventTypes } from './event-types.ts';
import { events } from './events.ts';
import { hooks } from './hooks.ts';
import { integrations } from './integrations.ts';
import { locations } from './locations.ts';
import { me } from './me.ts';
import { notes } from './notes.ts';
import { statuses } from './statuses.ts';
import { syncs } from './syncs.ts';
import { tasks } from './tasks.ts';
import { workItems } from './work-items.ts';

/** Every resource under /api/v1. */
export const routes: readonly ((app: Api, services: Services) => void)[] = [
  workItems,
  tasks,
  customers,
  employees,
  assets,
  locations,
  statuses,
  notes,
  integrations,
  hooks,
  connectors,
  eventTypes,
  events,
  syncs,
  attempts,
  me,
];
