import { type Aim, type Comparison, median } from '../figures.ts'
import type { SideName } from './sides.ts'
import type { Run } from './whole-process.ts'

/** One round of one side: a run on each of two sizes; the slow ones run on the small one alone. */
export interface Timing {
  readonly small: Run
  readonly large: Run | null
}

export interface Timings {
  readonly profile: string
  readonly smallBytes: number
  readonly largeBytes: number
  readonly sides: Partial<Record<SideName, readonly Timing[]>>
}

export interface SpeedRow {
  readonly profile: string
  readonly side: SideName
  /** MB/s (a million bytes) of whole processes, round by round; of the small file where there is no large one. */
  readonly mbPerS: readonly number[]
  readonly smallMbPerS: readonly number[]
  /** MB/s between the ends of the two sizes: without start-up. */
  readonly steadyMbPerS: readonly number[]
  readonly cpuS: readonly number[]
  /** Times the speed of ripgrep in the same round, on the same file. */
  readonly timesRipgrep: readonly number[]
}

export function speedRows(timings: Timings): SpeedRow[] {
  return (Object.keys(timings.sides) as SideName[]).map((side) => speedRow(timings, side))
}

function speedRow({ profile, sides, smallBytes, largeBytes }: Timings, side: SideName): SpeedRow {
  const own = sides[side]!
  const speed = ({ small, large }: Timing) => speedOf(large ?? small, large === null ? smallBytes : largeBytes)
  return {
    profile,
    side,
    mbPerS: own.map(speed),
    smallMbPerS: own.map(({ small }) => speedOf(small, smallBytes)),
    steadyMbPerS: own.flatMap(({ small, large }) =>
      large === null ? [] : [(largeBytes - smallBytes) / 1000 / (large.wallMs - small.wallMs)],
    ),
    cpuS: own.flatMap(({ small, large }) => {
      const { cpuMs } = large ?? small
      return cpuMs === null ? [] : [cpuMs / 1000]
    }),
    timesRipgrep: own.flatMap(({ small, large }, round) => {
      const ripgrep = sides.rg?.[round]
      if (ripgrep === undefined) return []
      return [large === null ? ripgrep.small.wallMs / small.wallMs : ripgrep.large!.wallMs / large.wallMs]
    }),
  }
}

function speedOf({ wallMs }: Run, bytes: number): number {
  return bytes / 1000 / wallMs
}

type Compared = readonly [profile: string, name: string, ours: SideName, baseline: SideName, aim: Aim]

const compared: readonly Compared[] = [
  ['typical', '1 worker', 'count-1', 'rg', { atLeast: 3 }],
  ['typical', '1 worker', 'count-1', 'grep', { atLeast: 3 }],
  ['typical', '2 workers', 'count-2', 'rg', null],
  ['typical', '2 workers', 'count-2', 'count-1', { atLeast: 1.6 }],
  ['dense', '1 worker', 'count-1', 'rg', { atLeast: 1 }],
  ['dense', '2 workers', 'count-2', 'rg', null],
  ['quiet', '1 worker', 'count-1', 'rg', null],
  ['quiet', '2 workers', 'count-2', 'rg', null],
]

const timesCompared: readonly Compared[] = [
  ['typical', 'full matching, 1 worker', 'ndjson-1', 'count-1', { atMost: 1.33 }],
  ['typical', 'full matching, 2 workers', 'ndjson-2', 'count-2', { atMost: 1.33 }],
]

/** What was aimed at, of whole processes on the large file; comparisons whose sides did not run on it are left out. */
export function comparisons({ profile, sides, largeBytes }: Timings): Comparison[] {
  const figuresOf = (side: SideName, figure: (run: Run) => number) => {
    const runs = sides[side]?.flatMap(({ large }) => large ?? [])
    return runs === undefined || runs.length === 0 ? undefined : runs.map(figure)
  }
  const compare = (list: readonly Compared[], unit: string, figure: (run: Run) => number) =>
    list.flatMap(([of, name, ours, baselineName, aim]) => {
      const [own, baseline] = [figuresOf(ours, figure), figuresOf(baselineName, figure)]
      if (of !== profile || own === undefined || baseline === undefined) return []
      return [{ name: `${profile}: ${name}`, unit, ours: own, baselineName, baseline, aim }]
    })
  return [
    ...compare(compared, 'MB/s', (run) => speedOf(run, largeBytes)),
    ...compare(timesCompared, 's', ({ wallMs }) => wallMs / 1000),
  ]
}

const titles = ['', 'MB/s', '(min-max)', 'x ripgrep', '(min-max)', 'steady MB/s', 'small MB/s', 'CPU s'] as const

export function speedTable(rows: readonly SpeedRow[], titleOf: (side: SideName) => string): string {
  const lines = rows.map((row) => [
    `${row.profile}: ${titleOf(row.side)}`,
    ...withSpread(row.mbPerS, 0),
    ...withSpread(row.timesRipgrep, 2),
    withSpread(row.steadyMbPerS, 0)[0]!,
    withSpread(row.smallMbPerS, 0)[0]!,
    withSpread(row.cpuS, 2)[0]!,
  ])
  const widths = titles.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]!.length)))
  const shown = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')
  return [titles, widths.map((width) => '-'.repeat(width)), ...lines].map(shown).join('\n')
}

function withSpread(values: readonly number[], places: number): [string, string] {
  if (values.length === 0) return ['', '']
  const [middle, least, most] = [median(values), Math.min(...values), Math.max(...values)].map((value) =>
    value.toFixed(places),
  )
  return [middle!, `(${least}-${most})`]
}
