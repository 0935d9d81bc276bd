import type { Plugin } from "vite";

export function plantedFault(number: string | undefined): Plugin;
