import type { WriteEvent } from "./decision.js";
import { Random } from "./random.js";
import { toUnitLength } from "./vector.js";

export interface StreamSettings {
  dimension: number;
  /** With 0, all directions are equally likely. */
  clusters: number;
  /**
   * Expected similarity of two events of one cluster, 0 to 1: how concentrated a cluster is. In terms of the von
   * Mises-Fisher distribution with mean resultant length r = sqrt(within), its concentration is about
   * r (dimension - r^2) / (1 - r^2) (Banerjee et al. 2005): 287 for 0.8 in 64 dimensions.
   */
  within: number;
  /**
   * Expected similarity of any two events, caused by a direction that all share. Embeddings of trained models lie in
   * such a cone (Ethayarajh 2019, "How Contextual are Contextualized Word Representations?").
   */
  shared: number;
  /** Movement of a cluster's centre at each of its events, as a share of its length. */
  drift: number;
  /** Mean number of events per step, 0.5 to 1.25. A step has none, one or two. */
  eventsPerStep: number;
  /** The lowest entropy. Values from there to 1 are equally likely. */
  lowestEntropy: number;
  seed: number;
}

export const STREAM_DEFAULTS: Readonly<Omit<StreamSettings, "seed">> = {
  dimension: 64,
  clusters: 24,
  within: 0.8,
  shared: 0.3,
  drift: 0,
  eventsPerStep: 1,
  lowestEntropy: 0.2,
};

/** The entropy is that of a prediction over 8 outcomes, so it is at most ln 8 nats. */
const MOST_NATS = Math.log(8);
/** Share of steps with two events. */
const TWICE = 0.25;

/**
 * Events with embeddings around cluster centres: the sum of a shared direction, a centre and noise. Their weights
 * give the expected similarities of the settings, with an error of 1 / sqrt(dimension).
 *
 * All events share one array for the embedding: the next event overwrites it.
 */
export function* events(
  changes: Partial<StreamSettings> & Pick<StreamSettings, "seed">,
): Generator<WriteEvent, never> {
  const settings = { ...STREAM_DEFAULTS, ...changes };
  const { dimension, clusters, within, shared, drift, eventsPerStep, lowestEntropy, seed } = settings;
  if (!(shared >= 0 && (clusters === 0 || shared <= within) && within <= 1))
    throw new RangeError(`similarities must be 0 <= shared <= within <= 1, not ${shared} and ${within}`);
  if (!(eventsPerStep >= 2 * TWICE && eventsPerStep <= 1 + TWICE))
    throw new RangeError(`eventsPerStep must be ${2 * TWICE} to ${1 + TWICE}, not ${eventsPerStep}`);
  const random = new Random(seed);
  const noise = new Float32Array(dimension);
  const direction = (): Float32Array => {
    const vector = new Float32Array(dimension);
    random.fillNormal(vector);
    return unit(vector);
  };
  const common = direction();
  const weights = weightsOf(settings);
  // The mean direction of each cluster. A stream without clusters has one mean.
  const centres = Array.from({ length: clusters }, direction);
  const none = new Float32Array(dimension);
  const means = (clusters === 0 ? [none] : centres).map((centre) => weighted(common, centre, weights));
  const embedding = new Float32Array(dimension);

  for (let step = 0; ; step++) {
    const draw = random.uniform();
    const count = draw < TWICE ? 2 : draw < eventsPerStep - TWICE ? 1 : 0;
    for (let event = 0; event < count; event++) {
      const cluster = Math.floor(random.uniform() * means.length);
      const mean = means[cluster] as Float32Array;
      random.fillNormal(noise);
      const { noise: weight } = weights;
      for (let at = 0; at < dimension; at++)
        embedding[at] = (mean[at] as number) + weight * (noise[at] as number);
      const entropy = lowestEntropy + (1 - lowestEntropy) * random.uniform();
      yield { step, embedding: unit(embedding), entropy, entropyRaw: entropy * MOST_NATS };
      const centre = centres[cluster];
      if (drift === 0 || centre === undefined) continue;
      random.fillNormal(noise);
      for (let at = 0; at < dimension; at++)
        centre[at] = (centre[at] as number) + (drift * (noise[at] as number)) / Math.sqrt(dimension);
      means[cluster] = weighted(common, unit(centre), weights);
    }
  }
}

interface Weights {
  common: number;
  centre: number;
  /** Weight of each number of the noise, so that the sum has length 1. */
  noise: number;
}

function weightsOf({ clusters, within, shared, dimension }: StreamSettings): Weights {
  const mean = clusters === 0 ? shared : within;
  return {
    common: Math.sqrt(shared),
    centre: Math.sqrt(mean - shared),
    noise: Math.sqrt((1 - mean) / dimension),
  };
}

function weighted(common: Float32Array, centre: Float32Array, weights: Weights): Float32Array {
  return common.map((number, at) => weights.common * number + weights.centre * (centre[at] as number));
}

function unit(vector: Float32Array): Float32Array {
  toUnitLength(vector, vector);
  return vector;
}
