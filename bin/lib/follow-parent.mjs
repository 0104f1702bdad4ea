/**
 * Loaded into the command before anything else: when the process that started it is gone, it gets a SIGTERM,
 * drains and ends, instead of running on unseen. Does nothing in the command's own children and threads.
 */
import { isMainThread } from 'node:worker_threads';

const parent = Number(process.env.SIGNALBOX_PARENT_PID);
if (isMainThread) {
  delete process.env.SIGNALBOX_PARENT_PID;
  if (parent > 1 && process.ppid === parent) {
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      process.kill(process.pid, 'SIGTERM');
    }, 500);
    timer.unref();
  }
}
