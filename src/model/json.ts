/**
 * Python writes Infinity, -Infinity and NaN into JSON, which is not JSON. They become null, as a missing value: no
 * size is one of them. Text inside strings is left alone.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const repaired = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (found) =>
      found.startsWith('"') ? found : "null",
    );
    if (repaired === text) throw error;
    return JSON.parse(repaired);
  }
}
