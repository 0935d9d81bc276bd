/**
 * A plain program that holds N instances: node hold.mjs MODULE N. It uses nothing of bytesper, so that the answers of
 * `bytesper fits` can be checked against it.
 */
const [, , module, number] = process.argv;
const subject = await import(module);
const context = { factors: {}, seed: 1, emit() {} };
await subject.prepare?.(context);
const held = [];
for (let index = 0; index < Number(number); index++) held.push(subject.create(index, context));
console.log(`held ${held.length}`);
