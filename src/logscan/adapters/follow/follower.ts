import { realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { FoundLine, MatchStore } from '../../app/match-store.ts'
import { type Generation, type Loss, noPiece } from '../../domain/follow/generation.ts'
import { hasPackedName } from '../../domain/follow/rotation-name.ts'
import { CompressedTexts } from './compressed-texts.ts'
import { Copies } from './copies.ts'
import { FilePlaces } from './file-places.ts'
import { FileReader } from './file-reader.ts'
import { compressedText, countNewlines, endOfLastLine, headOf, holds, isCompressed, tailOf } from './file-text.ts'
import { type Followed, newFollowed } from './followed.ts'
import { KnownTexts } from './known-texts.ts'
import type { MatcherPool } from './matcher-pool.ts'
import { type FileFacts, factsAt, factsOfOpen, keyOf, type OpenFiles } from './open-files.ts'
import { Problems } from './problems.ts'
import { StepKeeper } from './step-keeper.ts'

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
  /** Bytes of a compressed text that are unpacked into a temporary file, where it was not read to its end. */
  readonly unpackedMax: number
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
  /** Whether a file, links followed, may be read at all. */
  mayRead(realPath: string): boolean
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

const checkMaxMs = 5000

/**
 * Reads files as they grow, each line once: told by what is in them, whatever they are called. It does nothing by itself:
 * `look` compares what is known with what is there.
 */
export class Follower implements AsyncDisposable {
  readonly #deps: FollowDeps
  readonly #files = new Map<string, Followed>()
  readonly #texts: KnownTexts
  readonly #places: FilePlaces
  readonly #problems: Problems
  readonly #keeper: StepKeeper
  readonly #reader: FileReader
  readonly #copies: Copies
  readonly #compressed: CompressedTexts
  #looking: Promise<void> = Promise.resolve()
  #isClosed = false
  #hasSeenAll = false

  constructor(deps: FollowDeps) {
    const { limits, store, events } = deps
    this.#deps = deps
    this.#texts = new KnownTexts(limits.endedMax)
    this.#places = new FilePlaces(deps.openFiles)
    this.#problems = new Problems(events.problem)
    this.#keeper = new StepKeeper({ store, retryMs: limits.retryMs, problems: this.#problems, wait: deps.wait })
    const shared = { texts: this.#texts, places: this.#places, now: deps.now }
    this.#reader = new FileReader({
      ...{ ...deps, ...shared, keeper: this.#keeper, problems: this.#problems },
      ...{ stepBytes: limits.stepBytes, readersMax: limits.readersMax, found: events.found },
      newGeneration: (path, facts) => this.#newGeneration(path, facts),
    })
    this.#copies = new Copies({ ...shared, files: this.#files, reader: this.#reader })
    this.#compressed = new CompressedTexts({
      ...{ pool: deps.pool, keeper: this.#keeper, problems: this.#problems, texts: this.#texts, found: events.found },
      ...{ stepBytes: limits.stepBytes, unpackedMax: limits.unpackedMax, isClosed: () => this.#isClosed },
    })
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
    await this.#reader.settled()
  }

  /** Nothing more is begun. */
  close(): void {
    this.#isClosed = true
    this.#problems.close()
    this.#keeper.close()
    this.#reader.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
    await this.settled()
    for (const file of this.#files.values()) this.#places.open.close(file)
  }

  async #look(paths: readonly string[], isAll: boolean, atEnd: boolean): Promise<void> {
    const there = new Map<string, { readonly path: string; readonly facts: FileFacts }>()
    for (const path of paths)
      await this.#problems.attempt(path, () => {
        const facts = factsAt(path)
        if (facts !== null && !there.has(keyOf(facts))) there.set(keyOf(facts), { path, facts })
      })
    const isKnown = ({ facts }: { facts: FileFacts }) =>
      this.#files.has(keyOf(facts)) || this.#texts.unseenIn(facts) !== null
    // A copy is told from another text by its original, which has to be seen first; what was compressed, before its file's
    // number is found to belong to another.
    const rank = (file: { path: string; facts: FileFacts }) =>
      Number(isKnown(file)) + 2 * Number(hasPackedName(file.path))
    const inOrder = [...there.values()].sort((one, other) => rank(other) - rank(one))
    for (const { path, facts } of inOrder) {
      if (this.#isClosed) return
      await this.#problems.attempt(path, async () => {
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
        await this.#problems.attempt(file.generation.path, () => this.#miss(key, file))
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
    if (file.reading !== null) return
    const quietMs = now() - Math.max(file.rotatedAt, file.changedAt)
    file.checkAt = now() + Math.min(checkMaxMs, quietMs / 4)
    const fd = this.#places.descriptorOf(file)
    const facts = fd === null ? null : factsOfOpen(fd)
    if (facts === null) this.#end(key, file)
    else if (facts.size !== file.facts.size || facts.modified !== file.facts.modified) this.#grew(file, facts)
    else if (quietMs > limits.drainMs) this.#end(key, file)
  }

  #grew(file: Followed, facts: FileFacts): void {
    file.facts = facts
    file.sizeSeen = Math.max(file.sizeSeen, facts.size)
    this.#reader.changed(file)
  }

  /** Nothing more is read of it; what was not is lost. */
  #end(key: string, file: Followed): void {
    this.#places.open.close(file)
    this.#files.delete(key)
    const { generation } = file
    const lost = file.sizeSeen - generation.offset
    const losses: Loss[] = lost > 0 ? [{ reason: 'unreadable', bytes: lost }] : []
    if (lost > 0) this.#problems.tell(generation.path, `was rotated away with ${lost} bytes that were not read`)
    const ended = { ...generation, isEnded: true, losses: [...generation.losses, ...losses] }
    this.#texts.add(ended)
    this.#reader.run(generation.path, () => this.#keeper.keepState(file, ended))
  }

  /** A file that is not known is there. */
  async #meet(path: string, facts: FileFacts, atEnd: boolean): Promise<void> {
    const realPath = realpathSync(path)
    if (!this.#deps.mayRead(realPath)) {
      this.#problems.tell(path, 'lies where staff may not have files read (LOG_SOURCE_ROOTS)')
      return
    }
    const file = newFollowed({
      ...{ generation: this.#newGeneration(path, facts), stored: null, facts, realPath },
      ...{ changedAt: this.#deps.now(), rotatedAt: null },
    })
    using _ = this.#places.open.hold(file)
    const fd = this.#places.open.open(file, path, facts)
    // Another has its name by now, and is met the next time.
    if (fd === null) return
    if (isCompressed(fd)) {
      await this.#compressed.readOn(path)
      this.#problems.tell(path, compressedText)
    } else if (await this.#findStart(file, fd, atEnd)) {
      this.#files.set(keyOf(facts), file)
      if (facts.size > file.generation.offset) this.#reader.changed(file)
      return
    }
    this.#places.open.close(file)
  }

  /** From where a file is to be read. False if that cannot be told yet. */
  async #findStart(file: Followed, fd: number, atEnd: boolean): Promise<boolean> {
    const { path } = file.generation
    const { size } = file.facts
    const unseen = this.#texts.unseenIn(file.facts)
    // It may have been out of sight for long, and nothing else.
    const candidates = unseen === null ? this.#texts.endedIn(file.facts) : [unseen]
    const known = candidates.find((text) => holds(fd, size, text))
    if (known !== undefined) {
      this.#texts.seen(known)
      file.generation = file.kept = { ...known, path, isEnded: false }
      file.stored = known.offset
      return true
    }
    if (unseen !== null) await this.#problems.attempt(path, () => this.#endUnseen(unseen))
    const original = await this.#copies.originalOf(fd, path, file.facts)
    if (original === 'unclear') return false
    if (original !== null) {
      const { offset, newlines, head, tail } = original
      file.generation = { ...file.generation, offset, newlines, head, tail }
      await this.#keeper.keepState(file, file.generation)
    } else if (atEnd && unseen === null) {
      const offset = Math.max(0, endOfLastLine(fd, 0, size))
      const newlines = await countNewlines(fd, offset)
      file.generation = { ...file.generation, offset, newlines, head: headOf(fd, offset), tail: tailOf(fd, offset) }
      file.kept = file.generation
    }
    return true
  }

  /** Another file has the number that belonged to one that is known. */
  async #replace(file: Followed, path: string, facts: FileFacts): Promise<void> {
    await file.reading
    this.#end(keyOf(facts), file)
    await this.#meet(path, facts, false)
  }

  #newGeneration(path: string, { device, inode }: Pick<FileFacts, 'device' | 'inode'>): Generation {
    return {
      ...{ id: this.#deps.newId(), source: this.#deps.source, node: this.#deps.node, path, device, inode },
      ...{ head: noPiece, tail: noPiece, offset: 0, size: 0, newlines: 0, isEnded: false, losses: [] },
    }
  }

  /** Of a text that was known, nothing was seen again. */
  async #endUnseen(known: Generation): Promise<void> {
    const lost = known.size - known.offset
    const losses: Loss[] = lost > 0 ? [{ reason: 'truncated', bytes: lost }] : []
    const ended = { ...known, isEnded: true, losses: [...known.losses, ...losses] }
    this.#texts.seen(known)
    this.#texts.add(ended)
    await this.#keeper.keepState({ stored: known.offset, kept: known }, ended)
  }

  /** Texts that the store knows, in files whose names are not followed, or no more: what is left of them is read. */
  async #takeUpUnseen(): Promise<void> {
    for (const known of this.#texts.unseen) await this.#problems.attempt(known.path, () => this.#takeUp(known))
  }

  async #takeUp(known: Generation): Promise<void> {
    const path = this.#places.folders.find(dirname(known.path), known)
    const facts = path === null ? null : factsAt(path)
    if (path === null || facts === null) return this.#endUnseen(known)
    const now = this.#deps.now()
    const file = newFollowed({
      ...{ generation: known, stored: known.offset, facts, realPath: realpathSync(path) },
      ...{ changedAt: now, rotatedAt: now },
    })
    const fd = this.#places.open.open(file, path, facts)
    if (fd === null || !holds(fd, facts.size, known)) {
      // Another text has the number that its file had.
      this.#places.open.close(file)
      return this.#endUnseen(known)
    }
    this.#texts.seen(known)
    this.#files.set(keyOf(facts), file)
    this.#reader.changed(file)
  }
}
