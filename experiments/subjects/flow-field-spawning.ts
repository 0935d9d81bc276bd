export interface SpawnRule {
  /** Whether flows that moved far are parents. Otherwise flows appear over random columns. */
  movementSpawning: boolean;
  /**
   * If movement spawns, children of a parent per step; otherwise new flows of a sample per step. 0 turns spawning
   * off.
   */
  maxSpawnPerStep: number;
  /** Most flows at once; 0 for no limit. */
  maxActiveFlows: number;
}

/** How many flows the rule asks for in a step, and how many the limit allows. */
export function spawnCount(
  { movementSpawning, maxSpawnPerStep, maxActiveFlows }: SpawnRule,
  now: { movers: number; samples: number; active: number },
): { wanted: number; granted: number } {
  const wanted = maxSpawnPerStep * (movementSpawning ? now.movers : now.samples);
  const room = maxActiveFlows === 0 ? wanted : Math.max(0, maxActiveFlows - now.active);
  return { wanted, granted: Math.min(wanted, room) };
}
