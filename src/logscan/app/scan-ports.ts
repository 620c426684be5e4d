import type { Generation } from '../domain/follow/generation.ts'
import type { Level } from '../domain/log-pattern.ts'
import type { Holder } from './follower-claims.ts'

export const scanStatuses = ['queued', 'running', 'done', 'failed', 'canceled'] as const
export type ScanStatus = (typeof scanStatuses)[number]

/** What is to be scanned. Times are in ms since the epoch. */
export interface ScanOrder {
  /** The machine whose files they are; null for the first that is free. */
  readonly node: string | null
  /** Absolute paths of files and folders, and globs. */
  readonly paths: readonly string[]
  /** Under which the lines are kept. */
  readonly source: string
  /** Lines are kept, not only counted. */
  readonly keeps: boolean
  /** Only lines of that time; null for all. */
  readonly since: number | null
  readonly until: number | null
}

/** How far a scan is. */
export interface ScanProgress {
  readonly files: number
  /** Of the files as they are; compressed ones are counted as they are unpacked. */
  readonly bytesTotal: number
  readonly bytesRead: number
  readonly linesMatched: number
  /** Of these, those that were not kept before. */
  readonly linesKept: number
}

export interface LogScan extends ScanOrder, ScanProgress {
  readonly id: string
  readonly status: ScanStatus
  readonly attempts: number
  readonly patternsVersion: number
  /** Why it failed. */
  readonly problem: string | null
  /** Grows with every change. */
  readonly version: number
  readonly createdAt: number
  readonly createdBy: string
  readonly startedAt: number | null
  readonly endedAt: number | null
}

/** What came of a scan. */
export interface ScanResult {
  /** Those that matched, in the order of the patterns. */
  readonly patterns: readonly {
    readonly id: string
    readonly lines: number
    readonly firstSeen: number | null
    readonly lastSeen: number | null
    readonly example: { readonly path: string; readonly line: number; readonly text: string } | null
  }[]
  /** The largest; only where lines are kept. */
  readonly groups: readonly {
    readonly id: string
    readonly level: Level
    readonly title: string
    readonly lines: number
  }[]
  /** A line each. */
  readonly problems: readonly string[]
}

export interface ScanWrites {
  /** Scans that wait. */
  countQueued(): Promise<number>
  insert(id: string, order: ScanOrder, createdAt: number, createdBy: string): Promise<void>
  /** Null if there is none; else how it stood. What has ended stays. */
  cancel(id: string): Promise<ScanStatus | null>
}

/** Scans as processes do them; who holds one has it until its lease runs out. */
export interface ScanQueue {
  /** Takes one that waits, or whose holder is no more; null if there is none. */
  take(node: string, holder: Holder, leaseMs: number): Promise<LogScan | null>
  /** Says how far it is. Null if it was canceled, or is somebody else's by now. */
  advance(id: string, holder: Holder, progress: ScanProgress, leaseMs: number): Promise<LogScan | null>
  /** Gives how it stands then: one that was canceled, or is somebody else's by now, stays as it is. */
  end(id: string, holder: Holder, end: ScanEnd): Promise<LogScan | null>
}

export type ScanEnd =
  | {
      readonly status: 'done'
      readonly progress: ScanProgress
      readonly patternsVersion: number
      readonly result: ScanResult
    }
  | { readonly status: 'failed'; readonly problem: string }
  /** Somebody else is to do it. */
  | { readonly status: 'queued' }

/** Texts that were read, by the files that they were in. */
export interface KnownTexts {
  /** Of a machine, those of a file with that number, and those that were at one of the paths. */
  find(
    node: string,
    file: Pick<Generation, 'device' | 'inode'>,
    paths: readonly string[],
  ): Promise<readonly KnownText[]>
}

export interface KnownText {
  readonly generation: Generation
  /** Somebody follows its source. */
  readonly isFollowed: boolean
}
