/**
 * How whoever reads advice calls this program: `npx signalbox` in a clone, where the command is on no path;
 * `signalbox` where it was installed as one. `script` is the file that Node was told to run.
 */
export function calledAs(script: string): string {
  const inClone =
    /[\\/](node_modules[\\/]\.bin[\\/]signalbox|packages[\\/]server[\\/](src[\\/]main\.ts|bin[\\/]signalbox\.mjs))$/;
  return inClone.test(script) ? 'npx signalbox' : 'signalbox';
}

/** Every command that is advised begins with it. */
export const SIGNALBOX = calledAs(process.argv[1] ?? '');
