import { BytesperError } from "../../base/errors.js";
import { openLog } from "../../base/byte-source.js";

const PARQUET = Buffer.from("PAR1");

/**
 * The bytes of a log; gzip is decompressed. "-" is standard input. Throws `BAD_INPUT` if the file cannot be read or
 * is Parquet.
 */
export async function* logBytes(path: string, warn: (message: string) => void): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const piece of await openLog(path, warn)) {
    if (head !== undefined) {
      head = Buffer.concat([head, piece.subarray(0, PARQUET.length)]);
      if (head.subarray(0, PARQUET.length).equals(PARQUET))
        throw new BytesperError(
          "BAD_INPUT",
          `${path} is a Parquet file, and only CSV is read, plain or gzip; export it as CSV first.`,
        );
      if (head.length >= PARQUET.length) head = undefined;
    }
    yield piece;
  }
}
