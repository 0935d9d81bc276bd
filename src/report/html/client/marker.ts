import type { Marker } from "../../figure/palette.js";

const PATHS: Record<Marker, string> = {
  circle: "M-1,0A1,1 0 1 1 1,0A1,1 0 1 1 -1,0Z",
  square: "M-.9,-.9H.9V.9H-.9Z",
  triangle: "M0,-1.2L1.1,.8H-1.1Z",
  down: "M0,1.2L1.1,-.8H-1.1Z",
  diamond: "M0,-1.3L1.3,0L0,1.3L-1.3,0Z",
  cross: "M-.4,-1.2H.4V-.4H1.2V.4H.4V1.2H-.4V.4H-1.2V-.4H-.4Z",
};

export function markerPath(marker: Marker): string {
  return PATHS[marker];
}
