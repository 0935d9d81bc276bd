/** A program that holds as many MiB as its argument says, and reports what it holds. */
const heldMiB = Number(process.argv[2]);
Buffer.alloc(heldMiB * 2 ** 20, 1);
console.log(JSON.stringify({ heldMiB }));
