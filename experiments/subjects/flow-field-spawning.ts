export interface SpawnRule {
  /** Whether flows that moved far are parents; else flows come over columns at random. */
  movementSpawning: boolean;
  /** Flows that a parent gets in one step; without movement, flows that a sample gets. 0 turns spawning off. */
  maxSpawnPerStep: number;
  /** Most flows at once; 0 for no limit. */
  maxActiveFlows: number;
}

/** How many flows the rule asks for in a step, and how many the limit lets in. */
export function spawnCount(
  { movementSpawning, maxSpawnPerStep, maxActiveFlows }: SpawnRule,
  now: { movers: number; samples: number; active: number },
): { wanted: number; granted: number } {
  const wanted = maxSpawnPerStep * (movementSpawning ? now.movers : now.samples);
  const room = maxActiveFlows === 0 ? wanted : Math.max(0, maxActiveFlows - now.active);
  return { wanted, granted: Math.min(wanted, room) };
}
