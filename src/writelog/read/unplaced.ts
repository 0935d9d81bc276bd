/** Lines that are listed; more are counted. */
const MOST_LISTED = 1000;

export interface UnplacedLine {
  line: number;
  fields: number;
  why: string;
  beginning: string;
}

/** Lines that no layout fits: all are counted, the first are kept. */
export class UnplacedLines {
  readonly listed: UnplacedLine[] = [];
  count = 0;

  add(line: UnplacedLine): void {
    this.count += 1;
    if (this.listed.length < MOST_LISTED) this.listed.push(line);
  }
}
