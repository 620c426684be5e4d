/** What a ratio is to be; null where it is told for information. */
export type Aim = { readonly atLeast: number } | { readonly atMost: number } | null

/** One comparison within one run: a figure of ours and of its baseline for each round. */
export interface Comparison {
  readonly name: string
  readonly unit: string
  readonly ours: readonly number[]
  readonly baselineName: string
  readonly baseline: readonly number[]
  readonly aim: Aim
}

export interface Verdict {
  readonly name: string
  readonly unit: string
  readonly ours: number
  readonly baselineName: string
  readonly baseline: number
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number }
  readonly aim: Aim
  readonly met: boolean | null
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  if (sorted.length === 0) return Number.NaN
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Ratios are taken round by round: the sides of a round ran next to each other, so the machine's moods cancel out. */
export function judge({ ours, baseline, aim, ...names }: Comparison): Verdict {
  const ratios = ours.map((value, round) => value / baseline[round]!)
  const ratio = { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
  return { ...names, ours: median(ours), baseline: median(baseline), ratio, aim, met: isMet(aim, ratio.median) }
}

function isMet(aim: Aim, ratio: number): boolean | null {
  if (aim === null || Number.isNaN(ratio)) return null
  return 'atLeast' in aim ? ratio >= aim.atLeast : ratio <= aim.atMost
}

const columns = ['name', 'ours', 'baseline', 'ratio (min-max)', 'aim', ''] as const

export function table(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ name, unit, ours, baselineName, baseline, ratio, aim, met }) => [
    name,
    `${shown(ours)} ${unit}`,
    `${shown(baseline)} ${unit}, ${baselineName}`,
    `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)})`,
    aim === null ? '' : 'atLeast' in aim ? `>= ${aim.atLeast}` : `<= ${aim.atMost}`,
    met === null ? '' : met ? 'met' : 'MISSED',
  ])
  const widths = columns.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  return [columns, widths.map((width) => '-'.repeat(width)), ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
