// Each matcher starts fresh processes, which takes seconds.
export default { test: { testTimeout: 120_000 } };
