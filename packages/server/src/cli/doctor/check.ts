import type { Tenant } from '../../accounts/tenants.ts';
import type { Services } from '../../services.ts';
import type { FoundIntegration } from '../find-integration.ts';

/** What a check looks at. */
export interface Patient {
  services: Services;
  /** Those in question: one, or all. */
  tenants: Tenant[];
  integrations: FoundIntegration[];
}

export interface Result {
  state: 'ok' | 'warn' | 'fail';
  /** What was found, in a sentence. */
  says: string;
  /** What to do about it. */
  todo?: string;
}

/** One entry of the list of troubles: a question, and how to answer it. */
export interface Check {
  id: string;
  title: string;
  run(patient: Patient): Promise<Result | Result[]>;
}

export interface Finding extends Result {
  check: string;
  title: string;
}

export const ok = (says: string): Result => ({ state: 'ok', says });
export const warn = (says: string, todo: string): Result => ({ state: 'warn', says, todo });
export const fail = (says: string, todo: string): Result => ({ state: 'fail', says, todo });
