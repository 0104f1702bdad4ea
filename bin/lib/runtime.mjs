import fs from 'node:fs';
import path from 'node:path';

/** What bin/ itself needs; older ones have npm versions that cannot read the lock file. */
export const OLDEST_TO_BOOT = '20.0.0';
/** What the code needs: type stripping without a flag (22.18) and undici 8 (22.19). */
export const OLDEST_TO_RUN = '22.19.0';

/** `atLeast('v22.19.0', '22.19.0')` is true. Pre-release suffixes are ignored. */
export function atLeast(version, minimum) {
  const have = numbers(version);
  const want = numbers(minimum);
  for (let i = 0; i < 3; i++) {
    if (have[i] !== want[i]) return have[i] > want[i];
  }
  return true;
}

/** The path of the Node to run on, or null when there is none that is new enough. */
export function chooseRuntime(root) {
  const pinned = pinnedNode(root);
  if (pinned) return pinned;
  return atLeast(process.version, OLDEST_TO_RUN) ? process.execPath : null;
}

/** The Node that the lock file pins, where its install script has put it. */
export function pinnedNode(root) {
  const file = path.join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return file;
  } catch {
    return null;
  }
}

function numbers(version) {
  return version
    .replace(/^v/, '')
    .split('.', 3)
    .map((part) => Number.parseInt(part, 10) || 0);
}
