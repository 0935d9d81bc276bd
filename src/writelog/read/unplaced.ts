/** Most lines that are listed. All are counted. */
const MOST_LISTED = 1000;

export interface UnplacedLine {
  line: number;
  fields: number;
  why: string;
  beginning: string;
}

export class UnplacedLines {
  readonly listed: UnplacedLine[] = [];
  count = 0;

  add(line: UnplacedLine): void {
    this.count += 1;
    if (this.listed.length < MOST_LISTED) this.listed.push(line);
  }
}
