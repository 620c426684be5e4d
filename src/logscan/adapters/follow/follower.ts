import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { type FoundGroup, type FoundLine, type MatchStore, StepConflict } from '../../app/match-store.ts'
import { type Generation, type Loss, noPiece } from '../../domain/follow/generation.ts'
import { isRotationOf } from '../../domain/follow/rotation-name.ts'
import { describeError } from '../scan/describe-error.ts'
import {
  beginsAlike,
  countNewlines,
  endOfFirstLine,
  endOfLastLine,
  headOf,
  holds,
  isCompressed,
  tailOf,
} from './file-text.ts'
import type { MatcherPool } from './matcher-pool.ts'
import { type FileFacts, factsAt, factsOfOpen, findInFolder, keyOf, OpenFiles } from './open-files.ts'

export interface FollowLimits {
  /** Bytes of whole lines that are matched and kept at once. */
  readonly stepBytes: number
  /** Files that are read at the same time. */
  readonly readersMax: number
  readonly openFilesMax: number
  /** A file that was rotated away is read until it was quiet for so long. */
  readonly drainMs: number
  /** Between attempts to keep what was found. */
  readonly retryMs: number
  /** Ended generations by which copies are recognised. */
  readonly endedMax: number
}

export interface FollowEvents {
  /** Lines of a file that were kept, in their order. */
  found(path: string, lines: readonly FoundLine[]): void | Promise<void>
  /** What somebody who runs it should know; the same only once in a row. */
  problem(path: string, text: string): void
}

export interface FollowDeps {
  readonly source: string
  readonly pool: MatcherPool
  readonly store: MatchStore
  readonly limits: FollowLimits
  readonly events: FollowEvents
  newId(): string
  now(): number
  wait(ms: number): Promise<void>
}

/** How far it came with a file, for those who want to know. */
export interface FollowedFile {
  readonly path: string
  readonly offset: number
  readonly size: number
  readonly isRotated: boolean
  readonly losses: readonly Loss[]
}

/** A file that is followed. */
interface Followed {
  generation: Generation
  /** The offset that the store has; null if it knows nothing of the generation. */
  stored: number | null
  facts: FileFacts
  /** The most bytes that its text was seen to have. */
  sizeSeen: number
  /** Where it really is, links followed. */
  realPath: string
  changedAt: number
  /** Since when none of the names that are followed is its own; null while one is. */
  rotatedAt: number | null
  isReading: boolean
  /** It changed again while it was read. */
  isChanged: boolean
}

/** What was matched, and how far it came with it. */
interface MatchedStep {
  readonly generation: Generation
  readonly lines: readonly FoundLine[]
  readonly groups: readonly FoundGroup[]
}

/** A file that may be a copy that is still being made. */
interface Unclear {
  readonly size: number
  readonly since: number
}

const unclearMs = 2000

/**
 * Reads files as they grow, each line once: told by what is in them, whatever they are called. It does nothing by itself:
 * `look` compares what is known with what is there.
 */
export class Follower implements AsyncDisposable {
  readonly #deps: FollowDeps
  readonly #open: OpenFiles
  readonly #files = new Map<string, Followed>()
  readonly #ready: Followed[] = []
  readonly #readers = new Set<Promise<void>>()
  readonly #unclear = new Map<string, Unclear>()
  readonly #lastProblems = new Map<string, string>()
  /** Generations of the store that were not seen yet, and those that ended: by them, copies are recognised. */
  #others: Generation[] = []
  #looking: Promise<void> = Promise.resolve()
  #isClosed = false
  #hasSeenAll = false

  constructor(deps: FollowDeps) {
    this.#deps = deps
    this.#open = new OpenFiles(deps.limits.openFilesMax)
  }

  /** Has to be called first: takes up what the store knows. */
  async begin(): Promise<void> {
    this.#others = [...(await this.#deps.store.load([this.#deps.source]))]
  }

  get files(): readonly FollowedFile[] {
    return [...this.#files.values()].map(({ generation, facts, rotatedAt }) => ({
      ...{ path: generation.path, offset: generation.offset, losses: generation.losses },
      ...{ size: facts.size, isRotated: rotatedAt !== null },
    }))
  }

  /** Files that nothing tells about any more. */
  get hasRotated(): boolean {
    return [...this.#files.values()].some(({ rotatedAt }) => rotatedAt !== null)
  }

  get openFiles(): number {
    return this.#open.count
  }

  /**
   * Looks at files and reads on where something changed. `isAll`: these are all that are followed, so that others were
   * rotated away. `atEnd`: of files that are met for the first time, only what comes from now on is wanted.
   */
  look(paths: readonly string[], { isAll, atEnd = false }: { isAll: boolean; atEnd?: boolean }): Promise<void> {
    const looked = this.#looking.then(() => this.#look(paths, isAll, atEnd))
    this.#looking = looked.catch(() => {})
    return looked
  }

  /** When all that was found to be read was read. */
  async settled(): Promise<void> {
    await this.#looking
    while (this.#readers.size > 0) await Promise.all(this.#readers)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.settled().catch(() => {})
    this.#open[Symbol.dispose]()
  }

  async #look(paths: readonly string[], isAll: boolean, atEnd: boolean): Promise<void> {
    const seen = new Set<string>()
    for (const path of paths) {
      if (this.#isClosed) return
      try {
        const facts = factsAt(path)
        if (facts === null || seen.has(keyOf(facts))) continue
        seen.add(keyOf(facts))
        const known = this.#files.get(keyOf(facts))
        if (known === undefined) await this.#meet(path, facts, atEnd)
        else if (known.facts.born !== facts.born) await this.#replace(known, path, facts)
        else this.#see(known, path, facts)
      } catch (error) {
        this.#problem(path, describeError(error))
      }
    }
    if (isAll && !this.#hasSeenAll) await this.#takeUpUnseen()
    this.#hasSeenAll ||= isAll
    // Whoever had the name before was rotated away; events may say so only by the new one.
    const names = new Set(paths)
    for (const [key, file] of this.#files)
      if (!seen.has(key) && (isAll || file.rotatedAt !== null || names.has(file.generation.path))) this.#miss(key, file)
  }

  /** A file that is known is there. */
  #see(file: Followed, path: string, facts: FileFacts): void {
    if (path !== file.generation.path) {
      file.generation = { ...file.generation, path }
      file.realPath = realpathSync(path)
    }
    file.rotatedAt = null
    if (facts.size === file.facts.size && facts.modified === file.facts.modified) return
    this.#grew(file, facts)
  }

  /** A file that is known has none of the names that are followed. */
  #miss(key: string, file: Followed): void {
    const { now, limits } = this.#deps
    file.rotatedAt ??= now()
    if (file.isReading) return
    const fd = this.#descriptorOf(file)
    const quietSince = Math.max(file.rotatedAt, file.changedAt)
    if (fd === null) this.#end(key, file)
    else {
      const facts = factsOfOpen(fd)
      if (facts.size !== file.facts.size || facts.modified !== file.facts.modified) this.#grew(file, facts)
      else if (now() - quietSince > limits.drainMs) this.#end(key, file)
    }
  }

  #grew(file: Followed, facts: FileFacts): void {
    file.facts = facts
    file.sizeSeen = Math.max(file.sizeSeen, facts.size)
    this.#changed(file)
  }

  #end(key: string, file: Followed): void {
    this.#open.close(file)
    this.#files.delete(key)
    this.#run(async () => {
      file.generation = { ...file.generation, isEnded: true }
      await this.#keep(file, file.generation, [], [])
      this.#remember(file.generation)
    })
  }

  /** A file that is not known is there. */
  async #meet(path: string, facts: FileFacts, atEnd: boolean): Promise<void> {
    const file: Followed = {
      generation: this.#newGeneration(path, facts),
      ...{ stored: null, facts, sizeSeen: facts.size, realPath: realpathSync(path) },
      ...{ changedAt: this.#deps.now(), rotatedAt: null, isReading: false, isChanged: false },
    }
    using _ = this.#open.hold(file)
    const fd = this.#open.open(file, path, facts)
    // Another has its name by now, and is met the next time.
    if (fd === null) return
    if (isCompressed(fd)) {
      this.#problem(path, 'is compressed, and is not followed')
      this.#open.close(file)
      return
    }
    const known = this.#others.find((other) => !other.isEnded && keyOf(other) === keyOf(facts))
    if (known !== undefined) this.#forget(known)
    if (known !== undefined && holds(fd, facts.size, known)) {
      file.generation = { ...known, path }
      file.stored = known.offset
    } else {
      if (known !== undefined) await this.#endUnseen(known)
      const copied = await this.#originalOf(fd, path, facts)
      if (copied === 'unclear') {
        this.#open.close(file)
        return
      }
      if (copied !== null) {
        const { offset, newlines, head, tail } = copied
        file.generation = { ...file.generation, offset, newlines, head, tail }
      } else if (atEnd && known === undefined) {
        const offset = Math.max(0, endOfLastLine(fd, 0, facts.size))
        const newlines = await countNewlines(fd, offset)
        file.generation = {
          ...{ ...file.generation, offset, newlines },
          ...{ head: headOf(fd, offset), tail: tailOf(fd, offset) },
        }
      }
    }
    this.#files.set(keyOf(facts), file)
    if (facts.size > file.generation.offset) this.#changed(file)
    else this.#open.close(file)
  }

  /** Another file has the number that belonged to one that is known. */
  async #replace(file: Followed, path: string, facts: FileFacts): Promise<void> {
    await this.#whenRead(file)
    this.#end(keyOf(facts), file)
    await this.#meet(path, facts, false)
  }

  /**
   * The generation whose text a new file is a copy of, as far as that was read; null if it is a text of its own; 'unclear'
   * while a copy may still be being made.
   */
  async #originalOf(fd: number, path: string, facts: FileFacts): Promise<Generation | 'unclear' | null> {
    const name = basename(path)
    for (const file of this.#files.values()) {
      if (!isRotationOf(name, basename(file.generation.path))) continue
      if (!this.#beginsLike(fd, facts, file)) continue
      // What was written before the copy was made is in both: it is read where it was written.
      this.#changed(file)
      await this.#whenRead(file)
      if (file.generation.offset > 0 && holds(fd, facts.size, file.generation)) return file.generation
      if (facts.size >= file.generation.offset || !this.#beginsLike(fd, facts, file)) continue
      return this.#mayGrow(path, facts) ? 'unclear' : { ...file.generation, ...this.#startOf(fd, facts) }
    }
    const other = this.#others.find((one) => one.offset > 0 && holds(fd, facts.size, one))
    if (other !== undefined) return other
    const longer = this.#others.find(
      (one) => isRotationOf(name, basename(one.path)) && facts.size < one.offset && beginsAlike(fd, one),
    )
    return longer !== undefined && this.#mayGrow(path, facts) ? 'unclear' : null
  }

  /** A file has the text of one that is followed, or a part of it from its beginning. */
  #beginsLike(fd: number, { size }: FileFacts, file: Followed): boolean {
    if (size >= file.generation.offset) return beginsAlike(fd, file.generation)
    const original = this.#descriptorOf(file)
    if (original === null || size === 0) return false
    return [headOf, tailOf].every((pieceAt) => pieceAt(original, size).hash === pieceAt(fd, size).hash)
  }

  #startOf(fd: number, { size }: FileFacts): Pick<Generation, 'offset' | 'head' | 'tail'> {
    return { offset: size, head: headOf(fd, size), tail: tailOf(fd, size) }
  }

  #mayGrow(path: string, { size }: FileFacts): boolean {
    const before = this.#unclear.get(path)
    const now = this.#deps.now()
    if (before === undefined || before.size !== size) {
      this.#unclear.set(path, { size, since: now })
      return true
    }
    if (now - before.since < unclearMs) return true
    this.#unclear.delete(path)
    return false
  }

  #newGeneration(path: string, { device, inode }: Pick<FileFacts, 'device' | 'inode'>): Generation {
    return {
      ...{ id: this.#deps.newId(), source: this.#deps.source, path, device, inode },
      ...{ head: noPiece, tail: noPiece, offset: 0, newlines: 0, isEnded: false, losses: [] },
    }
  }

  /** The descriptor of a file, opened where it is now; null if it is nowhere to be found. */
  #descriptorOf(file: Followed): number | null {
    const open = this.#open.of(file)
    if (open !== null) return open
    for (const path of [file.generation.path, file.realPath]) {
      const facts = factsAt(path)
      if (facts !== null && keyOf(facts) === keyOf(file.facts)) return this.#open.open(file, path, file.facts)
    }
    const moved = findInFolder(dirname(file.realPath), file.facts)
    if (moved === null) return null
    file.realPath = moved
    return this.#open.open(file, moved, file.facts)
  }

  #changed(file: Followed): void {
    file.changedAt = this.#deps.now()
    file.isChanged = true
    if (file.isReading) return
    file.isReading = true
    this.#ready.push(file)
    this.#startReaders()
  }

  #startReaders(): void {
    while (this.#readers.size < this.#deps.limits.readersMax) {
      const file = this.#ready.shift()
      if (file === undefined) return
      this.#run(() => this.#readOn(file))
    }
  }

  #run(what: () => Promise<void>): void {
    const running = what()
      .catch((error: unknown) => this.#problem('', describeError(error)))
      .finally(() => {
        this.#readers.delete(running)
        this.#startReaders()
      })
    this.#readers.add(running)
  }

  async #whenRead(file: Followed): Promise<void> {
    while (file.isReading && !this.#isClosed) await this.#deps.wait(1)
  }

  /** While a step is kept, the next is matched. */
  async #readOn(file: Followed): Promise<void> {
    using _ = this.#open.hold(file)
    let keeping: Promise<void> = Promise.resolve()
    try {
      while (file.isChanged && !this.#isClosed) {
        file.isChanged = false
        for (let step = await this.#matchStep(file); step !== null; step = await this.#matchStep(file)) {
          await keeping
          if (step === 'cut') await this.#startAnew(file)
          else if (step !== 'again') keeping = this.#keepStep(file, step)
          keeping.catch(() => {})
        }
      }
      await keeping
    } catch (error) {
      this.#problem(file.generation.path, describeError(error))
      if (error instanceof StepConflict) await this.#reload(file)
    } finally {
      file.isReading = false
    }
    if (file.isChanged && !this.#isClosed) this.#changed(file)
  }

  async #keepStep(file: Followed, { generation, lines, groups }: MatchedStep): Promise<void> {
    await this.#keep(file, generation, lines, groups)
    if (lines.length > 0) await this.#deps.events.found(generation.path, lines)
  }

  /** Somebody else has gone on with the file. */
  async #reload(file: Followed): Promise<void> {
    const { store, source } = this.#deps
    const known = (await store.load([source])).find(({ id }) => id === file.generation.id)
    if (known === undefined) return
    file.generation = known
    file.stored = known.offset
    file.isChanged = true
  }

  /**
   * Matches some of what is new. Null if there is no whole line more; 'cut' if the text is no more there; 'again' if what was
   * matched is not what stands there.
   */
  async #matchStep(file: Followed): Promise<MatchedStep | 'cut' | 'again' | null> {
    const fd = this.#isClosed ? null : this.#descriptorOf(file)
    if (fd === null) return null
    const { size } = factsOfOpen(fd)
    const { generation } = file
    if (!holds(fd, size, generation)) return 'cut'
    const { offset, path } = generation
    const limit = this.#endOfStep(fd, offset, size)
    if (limit === -1) return null
    const { lines, groups, newlines, problem } = await this.#deps.pool.match({ path, fd, from: offset, limit })
    // The file may have been cut, or written anew, in the meantime.
    if (factsOfOpen(fd).size < limit || !holds(fd, size, generation)) return 'again'
    if (problem !== null) {
      this.#problem(path, problem)
      return null
    }
    file.generation = {
      ...{ ...file.generation, offset: limit, newlines: generation.newlines + newlines },
      ...{ head: headOf(fd, limit), tail: tailOf(fd, limit) },
    }
    const numbered = lines.map((found) => ({ ...found, line: found.line + generation.newlines }))
    return { generation: file.generation, lines: numbered, groups }
  }

  /** Up to where the next lines are whole; -1 if none is. */
  #endOfStep(fd: number, offset: number, size: number): number {
    const most = offset + this.#deps.limits.stepBytes
    const end = endOfLastLine(fd, offset, Math.min(size, most))
    return end !== -1 || size <= most ? end : endOfFirstLine(fd, most, size)
  }

  /** What was in the file is no more: it was truncated, and may have grown again. */
  async #startAnew(file: Followed): Promise<void> {
    const { generation, facts } = file
    const lost = file.sizeSeen - generation.offset
    const losses: Loss[] = lost > 0 ? [{ reason: 'truncated', bytes: lost }] : []
    file.generation = { ...generation, isEnded: true, losses: [...generation.losses, ...losses] }
    await this.#keep(file, file.generation, [], [])
    this.#remember(file.generation)
    file.generation = this.#newGeneration(generation.path, facts)
    file.stored = null
    file.sizeSeen = 0
  }

  /** What is known of a text of which nothing was seen again. */
  async #endUnseen(known: Generation): Promise<void> {
    const generation = { ...known, isEnded: true }
    await this.#keep({ stored: known.offset }, generation, [], [])
    this.#remember(generation)
  }

  /** Texts that the store knows, in files whose names are not followed, or no more: what is left of them is read. */
  async #takeUpUnseen(): Promise<void> {
    for (const known of this.#others.filter(({ isEnded }) => !isEnded)) {
      this.#forget(known)
      const folder = dirname(known.path)
      const path = existsSync(folder) ? findInFolder(folder, known) : null
      const facts = path === null ? null : factsAt(path)
      if (path === null || facts === null) {
        await this.#endUnseen(known)
        continue
      }
      const now = this.#deps.now()
      const file: Followed = {
        ...{ generation: known, stored: known.offset, facts, sizeSeen: facts.size, realPath: realpathSync(path) },
        ...{ changedAt: now, rotatedAt: now, isReading: false, isChanged: false },
      }
      this.#files.set(keyOf(facts), file)
      this.#changed(file)
    }
  }

  /** Keeps a step, however long the store is away. */
  async #keep(
    file: Pick<Followed, 'stored'>,
    generation: Generation,
    lines: readonly FoundLine[],
    groups: readonly FoundGroup[],
  ): Promise<void> {
    const { store, limits, wait } = this.#deps
    if (file.stored === null && generation.offset === 0) return
    const step = { generation, before: file.stored, lines, groups }
    while (!this.#isClosed) {
      try {
        await store.keep([step])
        file.stored = generation.offset
        return
      } catch (error) {
        if (error instanceof StepConflict) throw error
        this.#problem(generation.path, `what was found cannot be kept: ${describeError(error)}`)
        await wait(limits.retryMs)
      }
    }
    throw new Error('the follower was closed before what it found was kept')
  }

  #remember(generation: Generation): void {
    if (generation.offset === 0) return
    this.#others.push(generation)
    const tooMany = this.#others.filter(({ isEnded }) => isEnded).length - this.#deps.limits.endedMax
    if (tooMany > 0) this.#forget(this.#others.find(({ isEnded }) => isEnded) as Generation)
  }

  #forget(generation: Generation): void {
    this.#others = this.#others.filter((other) => other !== generation)
  }

  #problem(path: string, text: string): void {
    if (this.#lastProblems.get(path) === text) return
    this.#lastProblems.set(path, text)
    this.#deps.events.problem(path, text)
  }
}
