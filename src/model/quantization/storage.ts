import type { Tensor } from "../shape.js";
import { elementsOf } from "../shape.js";

/** How the numbers of quantised matrices are stored. */
export interface Storage {
  bits: number;
  /** Numbers that share a scale: of one row, or of a block of so many rows and columns; absent for one scale a row. */
  group?: number;
  /** Bytes beside each group: its scale and, if there is one, its zero point. */
  groupBytes?: number;
  /** Bytes beside each row: a scale of the row, or the order of its columns. */
  rowBytes?: number;
  /** Bytes beside each column, such as the group numbers of GPTQ. */
  columnBytes?: number;
}

/** Bytes of all copies of a tensor in this storage. */
export function storedBytes(tensor: Tensor, storage: Storage): number {
  const elements = elementsOf(tensor);
  const { bits, group, groupBytes = 0, rowBytes = 0, columnBytes = 0 } = storage;
  const columns = tensor.shape.at(-1) ?? 1;
  const rows = elements / columns;
  const matrices = rows / (tensor.shape.at(-2) ?? 1);
  // A row that is no multiple of the group has one group more.
  const groups = group === undefined ? 0 : rows * Math.ceil(columns / group);
  return Math.ceil(
    (elements * bits) / 8 + groups * groupBytes + rows * rowBytes + matrices * columns * columnBytes,
  );
}

/** "4 bit + 2.5 B for each 128 numbers". */
export function storageText({ bits, group, groupBytes, rowBytes }: Storage): string {
  const scales =
    group === undefined || groupBytes === undefined || groupBytes === 0
      ? rowBytes === undefined
        ? ""
        : ` + ${rowBytes} B a row`
      : ` + ${Number(groupBytes.toPrecision(4))} B for each ${group} numbers`;
  return `${Number(bits.toPrecision(4))} bit${scales}`;
}
