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

export interface FollowSource {
  readonly id: string
  /** Files, folders and globs. */
  readonly names: readonly string[]
}

/** What is to be followed, and what is looked for; the version tells one set of patterns from another. */
export interface FollowPlan {
  readonly sources: readonly FollowSource[]
  readonly patterns: readonly LogPattern[]
  readonly version: string
}

export interface RunnerOptions {
  readonly jobs: number
  readonly limits: Omit<FollowLimits, 'readersMax'>
  readonly openFilesMax: number
  readonly times: LookTimes
  /** Of files that are met at the very first look, only what comes from then on is wanted. */
  readonly atEnd: boolean
}

export interface RunnerDeps {
  readonly store: MatchStore
  /** This machine. */
  readonly node: string
  readonly options: RunnerOptions
  plan(): Promise<FollowPlan>
  newId(): string
  now(): number
  wait(ms: number): Promise<void>
  /** Lines of a source that were kept. */
  found(source: string, path: string, lines: readonly FoundLine[]): void | Promise<void>
  problem(source: string, path: string, text: string): void
}

interface Running {
  readonly names: string
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
  #pool: MatcherPool | null = null
  #parts: readonly MatchPart[] = []
  #version: string | null = null
  #clockAt = 0
  #refreshing: Promise<void> = Promise.resolve()
  #isFirst = true

  constructor(deps: RunnerDeps) {
    this.#deps = deps
    this.#open = new OpenFiles(deps.options.openFilesMax)
  }

  /** Asks for the plan, and does as it says. */
  refresh(): Promise<void> {
    const refreshed = this.#refreshing.then(() => this.#refresh())
    this.#refreshing = refreshed.catch(() => {})
    return refreshed
  }

  /** How far it came with each file. */
  get files(): readonly (FollowedFile & { readonly source: string })[] {
    return [...this.#running].flatMap(([source, { follower }]) => follower.files.map((file) => ({ source, ...file })))
  }

  get openFiles(): number {
    return this.#open.count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#refreshing
    await Promise.all([...this.#running.keys()].map((source) => this.#stop(source)))
    await this.#pool?.[Symbol.asyncDispose]()
  }

  async #refresh(): Promise<void> {
    const { sources, patterns, version } = await this.#deps.plan()
    if (sources.length > 0) await this.#prepare(patterns, version, sources)
    const wanted = new Map(sources.map((source) => [source.id, source]))
    for (const [id, { names }] of this.#running) if (namesOf(wanted.get(id)) !== names) await this.#stop(id)
    for (const source of sources) if (!this.#running.has(source.id)) await this.#start(source)
    this.#isFirst = false
  }

  async #prepare(patterns: readonly LogPattern[], version: string, sources: readonly FollowSource[]): Promise<void> {
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
    if (this.#pool === null) this.#pool = new MatcherPool(options.jobs, setup)
    else this.#pool.use(setup)
  }

  async #start(source: FollowSource): Promise<void> {
    const { store, node, options, newId, now, wait } = this.#deps
    const problem = (path: string, text: string) => this.#deps.problem(source.id, path, text)
    const follower = new Follower({
      openFiles: this.#open,
      ...{ source: source.id, node, pool: this.#pool as MatcherPool, store, newId, now, wait },
      limits: { ...options.limits, readersMax: 2 * options.jobs },
      events: { problem, found: (path, lines) => this.#deps.found(source.id, path, lines) },
    })
    try {
      await follower.begin()
      const atEnd = options.atEnd && this.#isFirst
      const following = followPaths(follower, source.names, { times: options.times, atEnd, problem })
      this.#running.set(source.id, { names: namesOf(source), follower, following })
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
  }
}

function namesOf(source: FollowSource | undefined): string {
  return JSON.stringify(source?.names ?? null)
}
