import type { FollowerClaims, FollowerState, Holder } from '../../app/follower-claims.ts'
import type { FoundLine, MatchStore } from '../../app/match-store.ts'
import { type LogPattern, treeOf } from '../../domain/log-pattern.ts'
import { type MatchPart, planMatch } from '../../domain/match/match-plan.ts'
import { describeError } from '../scan/describe-error.ts'
import { findInputs } from '../scan/find-inputs.ts'
import { sampleInputs } from '../scan/sample-inputs.ts'
import type { WorkerSetup } from '../scan/scan-task.ts'
import { followPaths, type LookTimes } from './follow-paths.ts'
import { type FollowedFile, Follower, type FollowLimits } from './follower.ts'
import { MatcherPool } from './matcher-pool.ts'
import { OpenFiles } from './open-files.ts'
import { endHolder, newHolder } from './process-holder.ts'
import { SourceClaims } from './source-claims.ts'

export interface FollowSource {
  readonly id: string
  /** Files, folders and globs. */
  readonly names: readonly string[]
}

/** What is to be followed, and what is looked for; the version is that of the set of patterns, and kept with what they find. */
export interface FollowPlan {
  readonly sources: readonly FollowSource[]
  readonly patterns: readonly LogPattern[]
  readonly version: number
}

export interface RunnerOptions {
  readonly jobs: number
  readonly limits: Omit<FollowLimits, 'readersMax'>
  readonly openFilesMax: number
  readonly times: LookTimes
  /** Of files that are met at the very first look, only what comes from then on is wanted. */
  readonly atEnd: boolean
}

/** Where what is found is kept, and by whom. */
export interface FollowStore {
  readonly claims: FollowerClaims
  /** So long a claim stands that nobody gives a sign of. */
  readonly claimMs: number
  /** Refuses what is no longer for that holder to keep. */
  storeFor(holder: Holder): MatchStore
}

export interface RunnerDeps {
  readonly store: FollowStore
  /** This machine. */
  readonly node: string
  readonly options: RunnerOptions
  plan(): Promise<FollowPlan>
  /** Whether a source may have a file read, links followed. */
  mayRead(source: string, realPath: string): boolean
  newId(): string
  now(): number
  wait(ms: number): Promise<void>
  /** Lines of a source that were kept. */
  found(source: string, path: string, lines: readonly FoundLine[]): void | Promise<void>
  problem(source: string, path: string, text: string): void
}

interface Running {
  readonly source: FollowSource
  readonly follower: Follower
  readonly following: AsyncDisposable
}

const chunkBytes = 262_144
/** Stamps without a year are read by what time it is. */
const clockMs = 3_600_000

/** Follows the sources of the moment with the patterns of the moment, which may both change while it runs. */
export class SourceRunner implements AsyncDisposable {
  readonly #deps: RunnerDeps
  readonly #running = new Map<string, Running>()
  readonly #open: OpenFiles
  readonly #holder = newHolder()
  readonly #store: MatchStore
  readonly #claims: SourceClaims
  #pool: MatcherPool | null = null
  #parts: readonly MatchPart[] = []
  #version: number | null = null
  #clockAt = 0
  #refreshing: Promise<void> = Promise.resolve()
  #isFirst = true
  #others: ReadonlySet<string> = new Set()

  constructor(deps: RunnerDeps) {
    const { store, node, options } = deps
    this.#deps = deps
    this.#open = new OpenFiles(options.openFilesMax)
    this.#store = store.storeFor(this.#holder)
    this.#claims = new SourceClaims({ claims: store.claims, node, holder: this.#holder, staleMs: store.claimMs })
  }

  /** Asks for the plan, and does as it says. */
  refresh(): Promise<void> {
    const refreshed = this.#refreshing.then(() => this.#refresh())
    this.#refreshing = refreshed.catch(() => {})
    return refreshed
  }

  /** How far it is with each source that it follows. */
  get states(): readonly FollowerState[] {
    return [...this.#running.values()].map(({ source, follower }) => stateOf(source, follower.files))
  }

  get openFiles(): number {
    return this.#open.count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#refreshing
    await Promise.all([...this.#running.keys()].map((source) => this.#stop(source)))
    await this.#pool?.[Symbol.asyncDispose]()
    endHolder(this.#holder)
  }

  async #refresh(): Promise<void> {
    const { sources, patterns, version } = await this.#deps.plan()
    if (sources.length > 0) await this.#prepare(patterns, version, sources)
    const wanted = new Map(sources.map((source) => [source.id, source]))
    for (const [id, { source }] of this.#running) if (namesOf(wanted.get(id)) !== namesOf(source)) await this.#stop(id)
    const held = await this.#claims.hold(
      sources.map((source) => stateOf(source, this.#running.get(source.id)?.follower.files ?? [])),
    )
    for (const source of sources) {
      const isRunning = this.#running.has(source.id)
      if (held.has(source.id) === isRunning) continue
      if (isRunning) await this.#stop(source.id)
      else await this.#start(source)
    }
    this.#tellOthers(sources.filter(({ id }) => !held.has(id)))
    this.#isFirst = false
  }

  /** Says once that somebody else follows a source. */
  #tellOthers(sources: readonly FollowSource[]): void {
    const others = new Set(sources.map(({ id }) => id))
    for (const id of others)
      if (!this.#others.has(id)) this.#deps.problem(id, '', 'is followed by another process of this machine')
    this.#others = others
  }

  async #prepare(patterns: readonly LogPattern[], version: number, sources: readonly FollowSource[]): Promise<void> {
    const { now, options } = this.#deps
    const isNew = version !== this.#version
    if (!isNew && now() - this.#clockAt < clockMs) return
    if (isNew) {
      const { inputs } = await findInputs(sources.flatMap(({ names }) => names))
      this.#parts = planMatch(patterns.map(treeOf), await sampleInputs(inputs))
    }
    this.#version = version
    this.#clockAt = now()
    const setup: WorkerSetup = {
      ...{ parts: this.#parts, chunkBytes, countsOnly: false },
      request: {
        ...{ since: null, until: null, context: 0, records: true, groups: true, referenceTime: this.#clockAt },
        patternIds: patterns.map(({ id }) => id),
        patternLevels: patterns.map(({ level }) => level),
      },
    }
    if (this.#pool === null) this.#pool = new MatcherPool(options.jobs, setup, { version })
    else this.#pool.use(setup, version)
  }

  async #start(source: FollowSource): Promise<void> {
    const { node, options, newId, now, wait } = this.#deps
    const problem = (path: string, text: string) => this.#deps.problem(source.id, path, text)
    const follower = new Follower({
      openFiles: this.#open,
      ...{ source: source.id, node, pool: this.#pool as MatcherPool, store: this.#store, newId, now, wait },
      mayRead: (realPath) => this.#deps.mayRead(source.id, realPath),
      limits: { ...options.limits, readersMax: 2 * options.jobs },
      events: { problem, found: (path, lines) => this.#deps.found(source.id, path, lines) },
    })
    try {
      await follower.begin()
      const atEnd = options.atEnd && this.#isFirst
      const following = followPaths(follower, source.names, { times: options.times, atEnd, problem })
      this.#running.set(source.id, { source, follower, following })
    } catch (error) {
      problem('', describeError(error))
      await follower[Symbol.asyncDispose]()
    }
  }

  async #stop(id: string): Promise<void> {
    const running = this.#running.get(id)
    if (running === undefined) return
    this.#running.delete(id)
    await running.following[Symbol.asyncDispose]()
    await running.follower[Symbol.asyncDispose]()
    await this.#claims.release(id).catch((error: unknown) => this.#deps.problem(id, '', describeError(error)))
  }
}

function stateOf({ id, names }: FollowSource, files: readonly FollowedFile[]): FollowerState {
  return {
    ...{ source: id, paths: names, files: files.length },
    lagBytes: files.reduce((sum, { size, offset }) => sum + Math.max(0, size - offset), 0),
    readBytes: files.reduce((sum, { offset }) => sum + offset, 0),
  }
}

function namesOf(source: FollowSource | undefined): string {
  return JSON.stringify(source?.names ?? null)
}
