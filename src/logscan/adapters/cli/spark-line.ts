const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** One character for each count, as high as the count is among them; a blank where there is none. */
export function sparkLine(counts: readonly number[]): string {
  const most = Math.max(1, ...counts)
  return counts
    .map((count) => (count === 0 ? ' ' : bars[Math.min(bars.length - 1, Math.floor((count / most) * bars.length))]))
    .join('')
}
