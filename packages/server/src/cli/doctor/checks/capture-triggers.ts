import { SIGNALBOX } from '../../called-as.ts';
import { type Check, fail, ok } from '../check.ts';

export const captureTriggers: Check = {
  id: 'capture-triggers',
  title: 'Changes are captured',
  async run({ services: { engine } }) {
    const drift = await engine.drift();
    if (drift.length > 0) return drift.map(({ problem }) => fail(`${problem}.`, `Run: ${SIGNALBOX} migrate`));
    const models = engine.catalogue.triggers.map(({ label }) => label.toLowerCase()).join(', ');
    return ok(`The triggers of every watched table are in place (${models}).`);
  },
};
