import fs from 'node:fs';

/** Writes one message to stderr at once, so that it is out before an exit or an exec. */
export function say(message) {
  try {
    fs.writeSync(2, `${message}\n`);
  } catch {
    // stderr is closed or full: there is nobody to tell.
  }
}
