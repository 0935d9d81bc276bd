/**
 * The value that Student's t with `degrees` (a whole number from 1) does not exceed with this probability, from 0.5 to
 * below 1. Found by halving, to 12 digits.
 */
export function studentT(probability: number, degrees: number): number {
  let high = 1;
  while (upTo(high, degrees) < probability) high *= 2;
  let low = 0;
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (upTo(middle, degrees) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * The probability of a value up to `t`, which is at least 0. The series are finite because the degrees are whole.
 *
 * Source: M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
 */
function upTo(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let series = degrees === 1 ? 0 : term;
  for (let power = isOdd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= ((power - 1) / power) * cosine ** 2;
    series += term;
  }
  const between = isOdd ? (2 / Math.PI) * (angle + sine * series) : sine * series;
  return 0.5 + between / 2;
}
