import type { TriggerDefinition } from '@signalbox/engine';
import { customerTrigger } from './customer.ts';
import { taskTrigger } from './task.ts';
import { workItemTrigger } from './work-item.ts';

/** Every model whose changes are watched: one file each, one line here. */
export const triggers: readonly TriggerDefinition[] = [workItemTrigger, taskTrigger, customerTrigger];
