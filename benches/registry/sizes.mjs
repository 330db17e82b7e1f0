// How large packuments and tarballs are: quantile tables of what CI fleets ask for.
// Knows nothing of what fills those sizes.

export const KB = 1000;
export const MB = 1000 * KB;

/**
 * Quantile → bytes. p50, p95 and the maximum are the ones the benchmarks promise; the others were
 * chosen so that the mean is right: 1,000 packuments are about 190 MB, the tarballs about 145 MB.
 */
export const PACKUMENT_SIZES = [[0, 4 * KB], [0.5, 32 * KB], [0.95, 440 * KB], [0.99, 1300 * KB], [1, 21 * MB]];
export const TARBALL_SIZES = [[0, 600], [0.5, 7 * KB], [0.95, 190 * KB], [0.99, 900 * KB], [0.999, 6 * MB], [1, 44 * MB]];

/** The size at quantile `q` of a table: between two entries the logarithm grows evenly. */
export function sizeAt(table, q) {
  const above = Math.max(1, table.findIndex(([knot]) => knot >= q));
  const [[fromQ, from], [toQ, to]] = [table[above - 1], table[above]];
  return Math.round(from * (to / from) ** ((q - fromQ) / (toQ - fromQ)));
}

/** `count` sizes, smallest first, spread evenly over the table's quantiles up to `upTo`: no luck in the total. */
export function sizes(table, count, upTo = 1) {
  return Array.from({ length: count }, (_, at) => sizeAt(table, count === 1 ? 0.5 : upTo * at / (count - 1)));
}
