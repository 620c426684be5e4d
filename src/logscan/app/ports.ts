import type { Generation } from '../domain/follow/generation.ts'
import type { GroupMove } from '../domain/group/group-status.ts'
import type { PatternSetting } from '../domain/pattern-set.ts'
import type { AlertRuleWrites, AlertWrites } from './alert-ports.ts'
import type { ScanWrites } from './scan-ports.ts'

/** The rows that staff see and change. `transaction` may run its work again, so the work does no other I/O. */
export interface LogsStore {
  transaction<T>(work: (tx: LogsTx) => Promise<T>): Promise<T>
  readonly patterns: PatternReads
  readonly sources: SourceReads
  readonly lines: LineReads
}

/** The same rows, bound to one transaction that commits as a whole. */
export interface LogsTx {
  readonly groups: GroupWrites
  readonly patterns: PatternWrites
  readonly sources: SourceWrites
  readonly alertRules: AlertRuleWrites
  readonly alerts: AlertWrites
  readonly scans: ScanWrites
  audit(entries: readonly AuditEntry[]): Promise<void>
}

export interface AuditEntry {
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

export interface GroupWrites {
  /** Locks those that there are, by their ids, and says how they stand. */
  lockAll(ids: readonly string[]): Promise<readonly LockedGroup[]>
  /** False if the group is not there, or its status or assignee has changed since. */
  move(id: string, move: GroupMove, by: MoveBy): Promise<boolean>
  assign(id: string, assignee: string | null): Promise<void>
  /** Takes locked groups into another, and says how many that has taken in by then. */
  merge(into: string, groups: readonly string[], by: Omit<MoveBy, 'rowVersion'>): Promise<number>
  /** Into which group it was merged; null if into none, undefined if it is not there. */
  mergedInto(id: string): Promise<string | null | undefined>
  /** Lets a group out of the one it was merged into. False if it is not in that one. */
  split(id: string, from: string, by: Omit<MoveBy, 'rowVersion'>): Promise<boolean>
}

export interface LockedGroup {
  readonly id: string
  readonly version: number
  readonly mergedInto: string | null
}

export interface MoveBy {
  /** `staff:<id>` */
  readonly actor: string
  readonly reason: string
  /** What they saw when they decided. */
  readonly rowVersion: number
}

export interface PatternReads {
  /** The version of the set: what is read afterwards is of it or of a later one. */
  version(): Promise<number>
  all(): Promise<PatternSetting[]>
}

export interface PatternWrites {
  all(): Promise<PatternSetting[]>
  /** Reads the version of the set, and keeps everybody else from changing it. */
  lock(): Promise<number>
  /** Writes settings over those of the same ids, as the next version. */
  save(version: number, actor: string, settings: readonly PatternSetting[]): Promise<void>
  remove(ids: readonly string[]): Promise<void>
}

export interface LogSource {
  readonly id: string
  /** What its generations and lines are kept under. */
  readonly name: string
  /** Absolute paths of files and folders, and globs. */
  readonly paths: readonly string[]
  readonly isPaused: boolean
  readonly createdAt: Date
  readonly createdBy: string
}

export interface SourceReads {
  /** By their names. */
  all(): Promise<LogSource[]>
}

export interface SourceWrites {
  count(): Promise<number>
  /** False if one has its name. */
  insert(source: LogSource): Promise<boolean>
  lock(id: string): Promise<LogSource | null>
  setPaused(id: string, isPaused: boolean): Promise<void>
  remove(id: string): Promise<void>
}

/** A line that was kept, by where it stands. */
export interface LinePlace {
  /** Id of the generation. */
  readonly generation: string
  readonly offset: number
}

export interface LineReads {
  find(place: LinePlace): Promise<{ generation: Generation; length: number; line: number } | null>
}

/** Who may look after a group. */
export interface StaffDirectory {
  isStaff(userId: string): Promise<boolean>
}

export interface TextLine {
  readonly offset: number
  readonly text: string
}

export interface TextAround {
  readonly before: readonly TextLine[]
  readonly line: TextLine & { readonly isCut: boolean }
  readonly after: readonly TextLine[]
}

export interface AroundRequest {
  readonly offset: number
  readonly length: number
  /** Lines above and below, at most. */
  readonly before: number
  readonly after: number
}

/** Reads in the file that holds a generation's text; null if none does any more, or it cannot be read. */
export type ReadAround = (generation: Generation, request: AroundRequest) => TextAround | null
