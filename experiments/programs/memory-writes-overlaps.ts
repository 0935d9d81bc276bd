import { Random } from "../subjects/gated-memory/random.js";

/** A stream and a near-merge gate, described by numbers. */
export interface OverlapModel {
  dimension: number;
  clusters: number;
  within: number;
  shared: number;
  /** Mean number of events per step that reach the gate after the warm-up. */
  eventsPerStep: number;
  /** Steps after the warm-up. */
  steps: number;
  threshold: number;
  neighbours: number;
  /** Most writes in 100 steps. */
  per100: number;
}

interface ModelItem {
  cluster: number;
  /** Its component along the shared direction, in units of 1 / sqrt(dimension). */
  lean: number;
  length: number;
}

/**
 * Predicts the size of a memory with only the near-merge gate and the rate limit, if similarities are those of random
 * directions: normal numbers with variance 1 / dimension around the stream's expected similarities. It makes no
 * vectors and runs none of the memory's code, so the two results are independent.
 *
 * An event is a u + b c + n g with a^2 = shared, b^2 = within - shared and n^2 = 1 - within, for a shared direction
 * u, the centre c of a cluster and noise g. Products of different directions are independent normal numbers. Products
 * with u are kept for each cluster and each item, products of a centre with an item for each pair. Only products with
 * the noise of the new event are new for each event. So a cluster that does not pass now seldom passes later.
 */
export function predictedSize(model: OverlapModel, seed: number): number {
  const { dimension, clusters, shared, threshold, neighbours, eventsPerStep, steps, per100 } = model;
  const within = clusters === 0 ? shared : model.within;
  const [cluster, noise] = [within - shared, 1 - within];
  const random = new Random(seed);
  const normal = (): number => random.normal();
  const unit = 1 / Math.sqrt(dimension);
  const groups = Math.max(1, clusters);
  const lean = Float64Array.from({ length: groups }, normal);
  const products: number[][] = Array.from({ length: groups }, () => []);
  const items: ModelItem[] = [];
  const similarities: number[] = [];
  const writes: number[] = [];
  const pairWeight = Math.sqrt(cluster * (1 - shared));
  const freshWeight = Math.sqrt(noise * (1 - shared));

  for (
    let time = random.uniform() / eventsPerStep;
    time < steps;
    time -= Math.log(1 - random.uniform()) / eventsPerStep
  ) {
    const group = Math.floor(random.uniform() * groups);
    const leaning =
      Math.sqrt(shared * cluster) * (lean[group] as number) + Math.sqrt(shared * noise) * normal();
    const spread = 2 * leaning + 2 * Math.sqrt(cluster * noise) * normal() + Math.SQRT2 * noise * normal();
    const length = Math.sqrt(Math.max(0.01, 1 + spread * unit));
    const known = products[group] as number[];
    similarities.length = 0;
    for (let at = 0; at < items.length; at++) {
      const item = items[at] as ModelItem;
      const own = clusters > 0 && item.cluster === group;
      const mean = own ? within : shared;
      const pair = (known[at] ??= normal());
      const product = mean + (leaning + item.lean + pairWeight * pair + freshWeight * normal()) * unit;
      similarities.push(product / (length * item.length));
    }
    if (items.length > 0 && meanOfLargest(similarities, neighbours) >= threshold) continue;
    while (writes.length > 0 && (writes[0] as number) <= time - 100) writes.shift();
    if (writes.length >= per100) continue;
    writes.push(time);
    items.push({ cluster: group, lean: leaning, length });
  }
  return items.length;
}

/** Mean of the `most` largest values; if there are fewer, the largest value. Changes the order of `values`. */
function meanOfLargest(values: number[], most: number): number {
  const taken = values.length < most ? 1 : most;
  for (let place = 0; place < taken; place++) {
    let best = place;
    for (let at = place + 1; at < values.length; at++)
      if ((values[at] as number) > (values[best] as number)) best = at;
    const largest = values[best] as number;
    values[best] = values[place] as number;
    values[place] = largest;
  }
  let sum = 0;
  for (let place = 0; place < taken; place++) sum += values[place] as number;
  return sum / taken;
}
