// How busy the machine was before a measurement: figures of a busy one are not to be compared.
// Knows nothing of what is measured.

import os from 'node:os';

/** With more runnable processes per core than this before anything began, times say little. */
const QUIET_PER_CORE = 0.3;

/** The load average of the last minute, and whether that is quiet. */
export function loadNow() {
  const [average] = os.loadavg();
  return { average, isQuiet: average / os.cpus().length <= QUIET_PER_CORE };
}

/** The line of a report that says so. */
export function loadLine({ average, isQuiet }) {
  return `- load before: ${average.toFixed(2)}${isQuiet ? '' : ' (**others were using this machine: times are not to be relied on**)'}`;
}
