/** A pause that can be cut short; what a loop does between two rounds. */
export interface Wakeable {
  /** Resolves after `ms`, or at once when woken, also when the waking came before the pause. */
  pause(ms: number): Promise<void>;
  wake(): void;
}

export function createWakeable(): Wakeable {
  let woken = false;
  let resume: (() => void) | null = null;
  return {
    pause(ms) {
      if (woken) {
        woken = false;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const timer = setTimeout(done, ms);
        function done() {
          clearTimeout(timer);
          resume = null;
          woken = false;
          resolve();
        }
        resume = done;
      });
    },
    wake() {
      woken = true;
      resume?.();
    },
  };
}
