/** A description in Vega-Lite: JSON, with its data. Lengths are pt. */
export type Chart = Record<string, unknown>;

/** Letter sizes, pt. A figure printed at 85 mm is read at this size. */
export const SIZE = { title: 8, text: 7, note: 5.5 } as const;
