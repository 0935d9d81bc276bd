import memlab from "@memlab/core";
import analysis from "@memlab/heap-analysis";

/**
 * memlab's answer to "what do the instances of a class cost": their number, and their retained size added up
 * over dominators so that nothing counts twice.
 */
export function retainedBytes(heap, className) {
  const ids = [];
  heap.nodes.forEach((node) => {
    // The class itself carries the same name; it is a closure.
    if (node.type === "object" && node.name === className) ids.push(node.id);
  });
  let bytes = 0;
  for (const id of analysis.getDominatorNodes(new memlab.NumericSet(ids), heap)) {
    bytes += heap.getNodeById(id).retainedSize;
  }
  return { count: ids.length, bytes };
}
