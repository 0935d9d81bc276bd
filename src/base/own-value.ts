/**
 * The value of an object's own key. A name that a user chose may be one that every object has, such as
 * "constructor", and must not be answered by it.
 */
export function ownValue<T>(object: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
