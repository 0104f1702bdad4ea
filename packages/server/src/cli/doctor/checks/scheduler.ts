import type { Check } from '../check.ts';
import { aliveWith } from './workers.ts';

export const scheduler: Check = {
  id: 'scheduler',
  title: 'A scheduler is alive',
  run: (patient) => aliveWith(patient, 'scheduler', 'failed syncs are not retried and nothing is cleaned up'),
};
