/**
 * The circles of a small graph, each once and each as short as it can be: for every node that is on one, the
 * shortest way back to itself.
 *
 * @param {Map<string, Map<string, unknown>>} arrows
 * @returns {string[][]} `['a', 'b']` for a → b → a
 */
export function findCycles(arrows) {
  const found = new Map();
  for (const start of [...arrows.keys()].sort()) {
    const cycle = shortestWayBack(arrows, start);
    if (!cycle) continue;
    const key = [...cycle].sort().join('\n');
    if (!found.has(key)) found.set(key, cycle);
  }
  return [...found.values()];
}

function shortestWayBack(arrows, start) {
  const cameFrom = new Map();
  const queue = [start];
  for (const node of queue) {
    for (const next of arrows.get(node)?.keys() ?? []) {
      if (next === start) {
        const way = [];
        for (let at = node; at !== start; at = cameFrom.get(at)) way.unshift(at);
        return [start, ...way];
      }
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return null;
}
