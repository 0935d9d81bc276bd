import type { Heap } from "./holders.js";

/** A box of the treemap, with the boxes in it. */
export interface TreeNode {
  name: string;
  value: number;
  children?: TreeNode[];
}

/** Boxes that are too small to see are left out. */
const LEAST_SHARE = 0.002;
const MOST_DEPTH = 60;

/**
 * The tree of dominators as boxes: what an object keeps alive lies in its box. Objects of one class under the
 * same object share a box, with the largest ones apart.
 */
export function treeOf(heap: Heap, totalBytes: number): TreeNode {
  const least = LEAST_SHARE * totalBytes;
  const { classes, dominated, weights } = heap;
  const box = (nodes: readonly number[], name: string, value: number, depth: number): TreeNode => {
    if (depth >= MOST_DEPTH) return { name, value };
    const groups = new Map<number, { nodes: number[]; bytes: number }>();
    for (const node of nodes) {
      for (
        let place = dominated.first[node] as number;
        place < (dominated.first[node + 1] as number);
        place++
      ) {
        const child = dominated.nodes[place] as number;
        const index = classes.of[child] as number;
        const group = groups.get(index) ?? { nodes: [], bytes: 0 };
        group.nodes.push(child);
        group.bytes += weights[child] as number;
        groups.set(index, group);
      }
    }
    const children = [...groups]
      .filter(([, { bytes }]) => bytes >= least)
      .sort(([, a], [, b]) => b.bytes - a.bytes)
      .map(([index, group]) => {
        const count = group.nodes.length;
        const label = classes.names[index] ?? "";
        return box(
          group.nodes,
          count === 1 ? label : `${label} x ${count.toLocaleString("en-US")}`,
          group.bytes,
          depth + 1,
        );
      });
    return children.length === 0 ? { name, value } : { name, value, children };
  };
  return box([0], "heap", totalBytes, 0);
}
