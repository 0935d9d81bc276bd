import type { Calibration } from "../measure/calibration.js";
import type { Result } from "../record/schema.js";

export function calibrationRecord(calibration: Calibration): Result["calibration"] {
  return {
    ...(calibration.rememberedFrom === undefined ? {} : { rememberedFrom: calibration.rememberedFrom }),
    gcCall: calibration.gc.call,
    gcProof: calibration.gc.proof,
    gcSurvey: calibration.gc.survey,
    checks: calibration.checks.map(({ name, expectedBytes, measuredBytes }) => ({
      name,
      expectedBytes,
      measuredBytes,
    })),
  };
}
