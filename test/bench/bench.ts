import type { Comparison } from './figures.ts'
import type { Program } from './program.ts'

export interface BenchContext {
  readonly rounds: number
  /** How long one side of one round is measured. */
  readonly sideMs: number
  /** Environment of an empty, migrated place to keep data; the servers behind it are the run's own. */
  emptyData(kind: DataKind): Promise<Readonly<Record<string, string>>>
  /** Where a profile was asked for: runs `work` once more and tells where the program's time went. */
  profile(program: Program, name: string, work: () => Promise<unknown>): Promise<void>
  /** Tells what the figures alone do not. */
  note(text: string): void
}

export type DataKind = 'embedded' | 'mariadb' | 'mariadb+redis'

/** One comparison of ours with a named baseline, or several that share their preparation. */
export type Bench = (context: BenchContext) => Promise<readonly Comparison[]>
