// Quantiles of few numbers.
// Knows nothing of what they are.

/** The value below which the part `q` of `values` lies, between two neighbours by proportion. */
export function quantile(values, q) {
  if (values.length === 0) throw new Error('no values, so no quantile');
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * q;
  const low = Math.floor(place);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

/** The middle of `values`. */
export function median(values) {
  return quantile(values, 0.5);
}

/** The mean of numbers. */
export function mean(values) {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
