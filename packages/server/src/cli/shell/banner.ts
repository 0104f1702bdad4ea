export const BANNER = `
Signalbox shell. Promises are awaited; .exit leaves.

  integrations('demo', { isActive: true })              active integrations of a tenant
  (await syncs('demo')).map(s => [s.eventType, s.status, s.lastError ?? 'no errors'])
                                                        recent syncs
  test('Demo inbox', 'workitem_created')                send a sample event now
  engine.chores.retryFailedSyncs()                      what the scheduler does every few minutes
  engine.syncs.retryMatching(null, { status: 'failed' })  retry everything that failed
  sql\`select id, reference_id, status from work_items where status = \${'New'}\`
  engine.workers.queue()                                how much waits

Also: tenants(), tenant('demo'), engine, host, config, services

`;
