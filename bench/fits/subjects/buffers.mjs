/** An upload with buffers of its own: one of 6 kB and two from Node's pool. */
export const create = (index) => ({
  name: `upload-${index}`,
  body: Buffer.alloc(6000, index & 255),
  head: Buffer.from(`content-length: ${index}`),
  tail: Buffer.from(`trailer ${index}`),
});
