import type { Figure } from "./figure.js";

export function figureName({ name, title }: Pick<Figure, "name" | "title">): string {
  const plain = (name ?? title)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return plain === "" ? "figure" : plain.slice(0, 60).replace(/-+$/, "");
}
