import { serve } from '../lib/remote.ts';
import type { Running, SenderSettings } from './sender.ts';

let running: Running | null = null;

const handlers = {
  async start(settings: SenderSettings) {
    running = await start(settings);
  },
  async stop() {
    await running?.stop();
    running = null;
  },
  memory: () => process.memoryUsage().rss,
  /** Of the statements of a sender that was started with `timed`. */
  timings: () => running?.timings?.() ?? [],
};
export type SenderHandlers = typeof handlers;

/** Only the code of the sender that is asked for is loaded. */
async function start(settings: SenderSettings): Promise<Running> {
  switch (settings.kind) {
    case 'raw':
      return (await import('./raw.ts')).startRaw(settings);
    case 'signalbox':
      return (await import('./signalbox.ts')).startSignalbox(settings);
    case 'bullmq':
      return (await import('./bullmq.ts')).startBullmq(settings);
    case 'pg-boss':
      return (await import('./pg-boss.ts')).startPgBoss(settings);
  }
}

serve(handlers);
