import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { type FoundGroup, type FoundLine, type MatchStore, StepConflict } from '../../app/match-store.ts'
import { type Generation, type Loss, noPiece } from '../../domain/follow/generation.ts'
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
import { KnownTexts, originalPaths } from './known-texts.ts'
import type { MatcherPool } from './matcher-pool.ts'
import { type FileFacts, Folders, factsAt, factsOfOpen, keyOf, type OpenFiles } from './open-files.ts'

export interface FollowLimits {
  /** Bytes of whole lines that are matched and kept at once. */
  readonly stepBytes: number
  /** Files that are read at the same time. */
  readonly readersMax: number
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
  /** Shared by all followers of a process. */
  readonly openFiles: OpenFiles
  readonly source: string
  /** The machine whose files they are. */
  readonly node: string
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
  /** As it was kept last. */
  kept: Generation
  /** The offset that the store has; null if it knows nothing of the generation. */
  stored: number | null
  facts: FileFacts
  /** Before it, no line ends that is longer than a step. */
  searched: number
  /** The most bytes that its text was seen to have. */
  sizeSeen: number
  /** Where it really is, links followed. */
  realPath: string
  changedAt: number
  /** Since when none of the names that are followed is its own; null while one is. */
  rotatedAt: number | null
  /** While it is rotated away: when to look at it again. */
  checkAt: number
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

/** How far a text was read. */
type ReadText = Pick<Generation, 'offset' | 'newlines' | 'head' | 'tail'>

/** A file that may be a copy that is still being made. */
interface Unclear {
  readonly size: number
  readonly since: number
}

const unclearMs = 2000
const checkMaxMs = 5000
/** For the original of a copy to be read; a longer one is looked at again. */
const waitMaxMs = 1000
const compressedText = 'is compressed, and is not followed'

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
  readonly #texts: KnownTexts
  readonly #folders = new Folders()
  #looking: Promise<void> = Promise.resolve()
  #isClosed = false
  #hasSeenAll = false

  constructor(deps: FollowDeps) {
    this.#deps = deps
    this.#open = deps.openFiles
    this.#texts = new KnownTexts(deps.limits.endedMax)
  }

  /** Has to be called first: takes up what the store knows. */
  async begin(): Promise<void> {
    for (const generation of await this.#deps.store.load(this.#deps.node, [this.#deps.source]))
      this.#texts.add(generation)
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

  /** Nothing more is begun. */
  close(): void {
    this.#isClosed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.settled().catch(() => {})
    for (const file of this.#files.values()) this.#open.close(file)
  }

  async #look(paths: readonly string[], isAll: boolean, atEnd: boolean): Promise<void> {
    const there = new Map<string, { readonly path: string; readonly facts: FileFacts }>()
    for (const path of paths)
      await this.#attempt(path, () => {
        const facts = factsAt(path)
        if (facts !== null && !there.has(keyOf(facts))) there.set(keyOf(facts), { path, facts })
      })
    const isKnown = ({ facts }: { facts: FileFacts }) =>
      this.#files.has(keyOf(facts)) || this.#texts.unseenIn(facts) !== null
    // A copy is told from another text by its original, which has to be seen first.
    const inOrder = [...there.values()].sort((one, other) => Number(isKnown(other)) - Number(isKnown(one)))
    for (const { path, facts } of inOrder) {
      if (this.#isClosed) return
      await this.#attempt(path, async () => {
        const known = this.#files.get(keyOf(facts))
        if (known === undefined) await this.#meet(path, facts, atEnd)
        else if (known.facts.born !== facts.born) await this.#replace(known, path, facts)
        else this.#see(known, path, facts)
      })
    }
    if (isAll && !this.#hasSeenAll) await this.#takeUpUnseen()
    this.#hasSeenAll ||= isAll
    // Whoever had the name before was rotated away; events may say so only by the new one.
    const names = new Set(paths)
    for (const [key, file] of this.#files) {
      if (there.has(key)) continue
      const isDue = file.rotatedAt !== null && this.#deps.now() >= file.checkAt
      if (isAll || isDue || (file.rotatedAt === null && names.has(file.generation.path)))
        await this.#attempt(file.generation.path, () => this.#miss(key, file))
    }
  }

  /** What goes wrong with one file harms no other. */
  async #attempt(path: string, what: () => void | Promise<void>): Promise<void> {
    try {
      await what()
    } catch (error) {
      if (!this.#isClosed) this.#problem(path, describeError(error))
    }
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
    const quietMs = now() - Math.max(file.rotatedAt, file.changedAt)
    file.checkAt = now() + Math.min(checkMaxMs, quietMs / 4)
    const fd = this.#descriptorOf(file)
    const facts = fd === null ? null : factsOfOpen(fd)
    if (facts === null) this.#end(key, file)
    else if (facts.size !== file.facts.size || facts.modified !== file.facts.modified) this.#grew(file, facts)
    else if (quietMs > limits.drainMs) this.#end(key, file)
  }

  #grew(file: Followed, facts: FileFacts): void {
    file.facts = facts
    file.sizeSeen = Math.max(file.sizeSeen, facts.size)
    this.#changed(file)
  }

  /** Nothing more is read of it; what was not is lost. */
  #end(key: string, file: Followed): void {
    this.#open.close(file)
    this.#files.delete(key)
    const lost = file.sizeSeen - file.generation.offset
    const losses: Loss[] = lost > 0 ? [{ reason: 'unreadable', bytes: lost }] : []
    if (lost > 0) this.#problem(file.generation.path, `was rotated away with ${lost} bytes that were not read`)
    file.generation = { ...file.generation, isEnded: true, losses: [...file.generation.losses, ...losses] }
    // What comes before the first line is kept is no text yet.
    this.#texts.add(file.generation)
    this.#run(() => this.#keep(file, file.generation, [], []))
  }

  /** A file that is not known is there. */
  async #meet(path: string, facts: FileFacts, atEnd: boolean): Promise<void> {
    const fresh = this.#newGeneration(path, facts)
    const file: Followed = {
      ...{ generation: fresh, kept: fresh },
      ...{ stored: null, facts, sizeSeen: facts.size, searched: 0, realPath: realpathSync(path) },
      ...{ changedAt: this.#deps.now(), rotatedAt: null, checkAt: 0, isReading: false, isChanged: false },
    }
    using _ = this.#open.hold(file)
    const fd = this.#open.open(file, path, facts)
    // Another has its name by now, and is met the next time.
    if (fd === null) return
    if (isCompressed(fd)) {
      this.#problem(path, compressedText)
      this.#open.close(file)
      return
    }
    const known =
      this.#texts.unseenIn(facts) ?? this.#texts.endedIn(facts).find((text) => holds(fd, facts.size, text)) ?? null
    if (known !== null && holds(fd, facts.size, known)) {
      this.#texts.seen(known)
      file.generation = file.kept = { ...known, path, isEnded: false }
      file.stored = known.offset
    } else {
      if (known !== null) await this.#attempt(path, () => this.#endUnseen(known))
      const original = await this.#originalOf(fd, path, facts)
      if (original === 'unclear') {
        this.#open.close(file)
        return
      }
      if (original !== null) {
        const { offset, newlines, head, tail } = original
        file.generation = { ...file.generation, offset, newlines, head, tail }
        await this.#keep(file, file.generation, [], [])
      } else if (atEnd && known === null) {
        const offset = Math.max(0, endOfLastLine(fd, 0, facts.size))
        const newlines = await countNewlines(fd, offset)
        file.generation = { ...file.generation, offset, newlines, head: headOf(fd, offset), tail: tailOf(fd, offset) }
        file.kept = file.generation
      }
    }
    this.#files.set(keyOf(facts), file)
    if (facts.size > file.generation.offset) this.#changed(file)
  }

  /** Another file has the number that belonged to one that is known. */
  async #replace(file: Followed, path: string, facts: FileFacts): Promise<void> {
    await this.#whenRead(file)
    this.#end(keyOf(facts), file)
    await this.#meet(path, facts, false)
  }

  /**
   * How far the text of a new file was read already, where it is a copy of another that, by its name, it may be; null if it is
   * a text of its own; 'unclear' while a copy may still be being made.
   */
  async #originalOf(fd: number, path: string, facts: FileFacts): Promise<ReadText | 'unclear' | null> {
    const originals = originalPaths(path)
    if (originals.length === 0) return null
    const live = [...this.#files.values()].filter(({ generation }) => originals.includes(generation.path))
    if (live.length === 0 && this.#texts.endedBefore(path).length === 0) return null
    // As a copy begins, and as what will be compressed does.
    if (facts.size === 0) return 'unclear'
    for (const file of live) {
      // What was written before the copy was made is in both: it is read where it was written, or was cut since.
      this.#changed(file)
      await this.#whenRead(file, waitMaxMs)
      if (file.isReading) return 'unclear'
      const { generation } = file
      if (generation.offset > 0 && holds(fd, facts.size, generation)) return generation
      if (facts.size < generation.offset && this.#beginsLike(fd, facts, file))
        return this.#mayGrow(path, facts) ? 'unclear' : this.#readUpTo(fd, facts.size, generation)
    }
    const ended = this.#texts.endedBefore(path)
    const whole = ended.find((generation) => holds(fd, facts.size, generation))
    if (whole !== undefined) return whole
    // The original was cut, and lines were read of it that the copy, made before, does not have.
    const longer = ended.find((generation) => facts.size < generation.offset && beginsAlike(fd, generation))
    if (longer === undefined) return null
    return this.#mayGrow(path, facts) ? 'unclear' : this.#readUpTo(fd, facts.size, longer)
  }

  /** A file has the text of one that is followed, or a part of it from its beginning. */
  #beginsLike(fd: number, { size }: FileFacts, file: Followed): boolean {
    if (size >= file.generation.offset) return beginsAlike(fd, file.generation)
    const original = this.#descriptorOf(file)
    if (original === null || size === 0) return false
    return [headOf, tailOf].every((pieceAt) => pieceAt(original, size).hash === pieceAt(fd, size).hash)
  }

  #readUpTo(fd: number, offset: number, { newlines }: Generation): ReadText {
    return { offset, newlines, head: headOf(fd, offset), tail: tailOf(fd, offset) }
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
      ...{ id: this.#deps.newId(), source: this.#deps.source, node: this.#deps.node, path, device, inode },
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
    const moved = this.#folders.find(dirname(file.realPath), file.facts)
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

  async #whenRead(file: Followed, mostMs = Number.POSITIVE_INFINITY): Promise<void> {
    const started = performance.now()
    while (file.isReading && !this.#isClosed && performance.now() - started < mostMs) await this.#deps.wait(1)
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
      if (!this.#isClosed) this.#problem(file.generation.path, describeError(error))
      await keeping.catch(() => {})
      await this.#goBack(file, error)
    } finally {
      file.isReading = false
    }
    if (file.isChanged && !this.#isClosed) this.#changed(file)
  }

  async #keepStep(file: Followed, { generation, lines, groups }: MatchedStep): Promise<void> {
    await this.#keep(file, generation, lines, groups)
    // They are kept: who tells of them cannot undo that.
    if (lines.length > 0) await this.#attempt(generation.path, () => this.#deps.events.found(generation.path, lines))
  }

  /** What was matched and not kept is matched again, from where the store has come to: that may be somebody else's doing. */
  async #goBack(file: Followed, error: unknown): Promise<void> {
    if (this.#isClosed) return
    file.generation = file.kept
    if (!(error instanceof StepConflict)) return
    const { store, source, node } = this.#deps
    const known = (await store.load(node, [source])).find(({ id }) => id === file.generation.id)
    if (known === undefined) return
    file.generation = file.kept = { ...known, isEnded: false }
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
    const limit = this.#endOfStep(file, fd, size)
    if (limit === -1) return null
    if (offset === 0 && isCompressed(fd)) {
      this.#problem(path, compressedText)
      return null
    }
    const [head, tail] = [headOf(fd, limit), tailOf(fd, limit)]
    const { lines, groups, newlines, problem } = await this.#deps.pool.match({ path, fd, from: offset, limit })
    // The file may have been cut, or written anew, in the meantime.
    if (!holds(fd, factsOfOpen(fd).size, { head, tail, offset: limit })) return 'again'
    if (problem !== null) {
      this.#problem(path, problem)
      return null
    }
    file.generation = { ...file.generation, offset: limit, newlines: generation.newlines + newlines, head, tail }
    const numbered = lines.map((found) => ({ ...found, line: found.line + generation.newlines }))
    return { generation: file.generation, lines: numbered, groups }
  }

  /** Up to where the next lines are whole; -1 if none is. */
  #endOfStep(file: Followed, fd: number, size: number): number {
    const { offset } = file.generation
    const most = offset + this.#deps.limits.stepBytes
    const end = file.searched > offset ? -1 : endOfLastLine(fd, offset, Math.min(size, most))
    if (end !== -1 || size <= most) return end
    const found = endOfFirstLine(fd, Math.max(most, file.searched), size)
    file.searched = found === -1 ? size : 0
    return found
  }

  /** What was in the file is no more: it was truncated, and may have grown again. */
  async #startAnew(file: Followed): Promise<void> {
    const { generation, facts } = file
    const lost = file.sizeSeen - generation.offset
    const losses: Loss[] = lost > 0 ? [{ reason: 'truncated', bytes: lost }] : []
    file.generation = { ...generation, isEnded: true, losses: [...generation.losses, ...losses] }
    await this.#keep(file, file.generation, [], [])
    this.#texts.add(file.generation)
    file.generation = file.kept = this.#newGeneration(generation.path, facts)
    file.stored = null
    file.sizeSeen = 0
    file.searched = 0
  }

  /** Of a text that was known, nothing was seen again. */
  async #endUnseen(known: Generation): Promise<void> {
    const generation = { ...known, isEnded: true }
    this.#texts.seen(known)
    this.#texts.add(generation)
    await this.#keep({ stored: known.offset, kept: known }, generation, [], [])
  }

  /** Texts that the store knows, in files whose names are not followed, or no more: what is left of them is read. */
  async #takeUpUnseen(): Promise<void> {
    for (const known of this.#texts.unseen) await this.#attempt(known.path, () => this.#takeUp(known))
  }

  async #takeUp(known: Generation): Promise<void> {
    const path = this.#folders.find(dirname(known.path), known)
    const facts = path === null ? null : factsAt(path)
    if (path === null || facts === null) return this.#endUnseen(known)
    const now = this.#deps.now()
    const file: Followed = {
      ...{
        generation: known,
        kept: known,
        stored: known.offset,
        facts,
        sizeSeen: facts.size,
        searched: 0,
        realPath: realpathSync(path),
      },
      ...{ changedAt: now, rotatedAt: now, checkAt: 0, isReading: false, isChanged: false },
    }
    const fd = this.#open.open(file, path, facts)
    if (fd === null || !holds(fd, facts.size, known)) {
      // Another text has the number that its file had.
      this.#open.close(file)
      return this.#endUnseen(known)
    }
    this.#texts.seen(known)
    this.#files.set(keyOf(facts), file)
    this.#changed(file)
  }

  /** Keeps a step, however long the store is away. */
  async #keep(
    file: Pick<Followed, 'stored' | 'kept'>,
    generation: Generation,
    lines: readonly FoundLine[],
    groups: readonly FoundGroup[],
  ): Promise<void> {
    const { store, limits, wait } = this.#deps
    if (file.stored === null && generation.offset === 0) return
    const step = { generation, before: file.stored, lines, groups }
    do {
      try {
        await store.keep([step])
        file.stored = generation.offset
        file.kept = generation
        return
      } catch (error) {
        if (error instanceof StepConflict) throw error
        this.#problem(generation.path, `what was found cannot be kept: ${describeError(error)}`)
        if (!this.#isClosed) await wait(limits.retryMs)
      }
    } while (!this.#isClosed)
    throw new Error('the follower was closed before what it found was kept')
  }

  #problem(path: string, text: string): void {
    if (this.#lastProblems.get(path) === text) return
    this.#lastProblems.set(path, text)
    this.#deps.events.problem(path, text)
  }
}
