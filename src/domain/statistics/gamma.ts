/** Both tails of a distribution at a point, each accurate on its own where it is the small one. */
export interface Tails {
  lower: number;
  upper: number;
}

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI);
const eulerGamma = 0.5772156649015329;

/** Riemann's zeta(k) - 1 for k >= 2: 64 terms and the Euler-Maclaurin rest, so that high k keep their digits. */
function zetaMinusOne(k: number): number {
  const from = 64;
  let sum = from ** (1 - k) / (k - 1) + from ** -k / 2 + (k * from ** (-k - 1)) / 12;
  sum -= (k * (k + 1) * (k + 2) * from ** (-k - 3)) / 720;
  sum += (k * (k + 1) * (k + 2) * (k + 3) * (k + 4) * from ** (-k - 5)) / 30_240;
  for (let n = from - 1; n >= 2; n--) sum += n ** -k;
  return sum;
}

/** Taylor coefficients of ln gamma(2 + y): each is a quarter of the one before at |y| = 1/2. */
const aroundTwo = Array.from({ length: 26 }, (_, i) => ((-1) ** i * zetaMinusOne(i + 2)) / (i + 2));

/** ln gamma(2 + y) for |y| <= 1/2, exact relative to its zero at y = 0. */
function lgammaNearTwo(y: number): number {
  return y * (1 - eulerGamma + y * aroundTwo.reduceRight((sum, coefficient) => sum * y + coefficient, 0));
}

/** Coefficients of Stirling's series for the error, in 1/z, 1/z^3, ... */
const stirling = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360_360, 1 / 156, -3617 / 122_400];

/** Stirling's error ln z! - (z + 1/2) ln z + z - ln(2 pi)/2 for z > 0 (Loader 2000). */
export function stirlingError(z: number): number {
  if (z < 10) return lgamma(z + 1) - (z + 0.5) * Math.log(z) + z - halfLogTwoPi;
  const inverseSquare = 1 / (z * z);
  return stirling.reduceRight((sum, coefficient) => sum * inverseSquare + coefficient, 0) / z;
}

/** ln |gamma(x)|, relatively accurate around its zeros at 1 and 2 too. */
export function lgamma(x: number): number {
  if (x < 0) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgamma(1 - x);
  if (x < 0.5) return lgamma(x + 1) - Math.log(x);
  if (x < 1.5) return lgammaNearTwo(x - 1) - Math.log1p(x - 1);
  if (x <= 2.5) return lgammaNearTwo(x - 2);
  let shift = 1;
  let z = x;
  for (; z < 10; z++) shift *= z;
  return (z - 0.5) * Math.log(z) - z + halfLogTwoPi + stirlingError(z) - Math.log(shift);
}

/** Loader's deviance x ln(x/m) + m - x, without the cancellation near x = m. */
export function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let power = 2 * x * v;
  for (let j = 1; ; j++) {
    power *= v * v;
    const next = sum + power / (2 * j + 1);
    if (!(Math.abs(next - sum) > 0)) return next;
    sum = next;
  }
}

function lowerSeries(a: number, x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return sum;
}

/** The continued fraction of the upper incomplete gamma function by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let value = d;
  for (let i = 1; ; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    const factor = c * d;
    value *= factor;
    if (!(Math.abs(factor - 1) > 4e-16)) return value;
  }
}

/** Regularised incomplete gamma functions P(a, x) (lower) and Q(a, x) (upper), a > 0. */
export function gammaTails(a: number, x: number): Tails {
  if (x <= 0) return { lower: 0, upper: 1 };
  if (x === Number.POSITIVE_INFINITY) return { lower: 1, upper: 0 };
  const front = Math.exp(-stirlingError(a) - deviance(a, x)) / Math.sqrt(2 * Math.PI * a);
  if (x < a + 1) {
    const lower = Math.min(1, front * lowerSeries(a, x));
    return { lower, upper: 1 - lower };
  }
  const upper = Math.min(1, front * a * upperFraction(a, x));
  return { lower: 1 - upper, upper };
}
