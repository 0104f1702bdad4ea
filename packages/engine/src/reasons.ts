/** Why a sync is in its status: the code that is stored, and the sentence that people read. */
export const REASONS: Record<string, string> = {
  waiting: 'Waits for an earlier event of the same record, so that they arrive in order.',
  parked: 'The integration is paused or off; nothing is lost, it is sent when the integration is resumed.',
  retrying: 'The last try failed; it is tried again at the time shown.',
  ambiguous: 'The last try may have arrived; it is tried again at the time shown.',
  held: 'The destination exists but is switched off; it is asked again, at no cost to the retries.',
  unauthorized: 'The destination refused the credentials. Mend them, then resume the integration.',
  internal_error: 'Signalbox itself failed; it is tried again, at no cost to the retries.',
  exhausted: 'Every try of the retry policy failed. Mend the cause, then retry.',
  rejected: 'The destination refused it in a way that would not change by trying again.',
  gone: 'The destination said that it is gone for good.',
  superseded: 'A later state of the same record was sent instead.',
  purged: 'Cancelled by a person, together with everything that waited.',
  integration_deleted: 'The integration was deleted while this waited.',
};
