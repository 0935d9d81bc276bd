/**
 * Takes a record out of the process at once: a record that stayed on the heap would be measured with the
 * subject.
 */
export type Stream = (record: unknown) => void;
