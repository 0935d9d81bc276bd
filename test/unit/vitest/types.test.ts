import { expect, expectTypeOf, test } from "vitest";
import type { Assertion } from "vitest";
import type { Amount, BytesperMatchers, RetainOptions } from "../../../src/vitest/index.js";

test("the matchers are known to expect, with their arguments", () => {
  expectTypeOf<Assertion<() => object>>().toExtend<BytesperMatchers>();
  expectTypeOf<[Amount, RetainOptions]>().toExtend<Parameters<Assertion["toRetain"]>>();
  expectTypeOf<ReturnType<Assertion["toReleaseEverything"]>>().toEqualTypeOf<Promise<void>>();
  const wrong = (): void => {
    // @ts-expect-error a limit is a number or a text
    void expect(() => ({})).toRetainAtMost({ bytes: 8 });
    // @ts-expect-error the tolerance is an option
    void expect(() => ({})).toRetain(736, 1);
    // @ts-expect-error nothing is given
    void expect(() => ({})).toReleaseEverything(1);
  };
  expectTypeOf(wrong).toBeFunction();
});
