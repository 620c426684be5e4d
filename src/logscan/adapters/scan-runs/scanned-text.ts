import { closeSync, openSync, realpathSync } from 'node:fs'
import type { FoundGroup, FoundLine, MatchStore } from '../../app/match-store.ts'
import type { KnownText, KnownTexts } from '../../app/scan-ports.ts'
import { type Generation, noPiece } from '../../domain/follow/generation.ts'
import { wholeText } from '../follow/compressed-pieces.ts'
import { unpackRest } from '../follow/compressed-rest.ts'
import { endOfFirstLine, headOf, holds, isCompressed, tailOf } from '../follow/file-text.ts'
import { originalPaths } from '../follow/known-texts.ts'
import { factsOfOpen } from '../follow/open-files.ts'

interface ScannedTextDeps {
  readonly store: MatchStore
  readonly known: KnownTexts
  readonly node: string
  /** Under which lines are kept. */
  readonly source: string
  readonly patternsVersion: number
  newId(): string
}

type Pieces = Pick<Generation, 'offset' | 'head' | 'tail'>

/** Keeps the lines of one file that is scanned, but those that were kept before: when it was followed, or scanned. */
export class ScannedText implements Disposable {
  readonly #deps: ScannedTextDeps
  readonly #fd: number
  readonly #size: number
  /** How it stands once it was read up to there. */
  readonly #piecesAt: (offset: number) => Pieces
  #generation: Generation
  #stored: number | null

  private constructor(
    deps: ScannedTextDeps,
    text: { fd: number; size: number; piecesAt(offset: number): Pieces },
    start: { generation: Generation; stored: number | null },
  ) {
    this.#deps = deps
    this.#fd = text.fd
    this.#size = text.size
    this.#piecesAt = text.piecesAt
    this.#generation = start.generation
    this.#stored = start.stored
  }

  /** Says why no lines of a file are kept, where none are. */
  static async open(path: string, deps: ScannedTextDeps): Promise<ScannedText | string> {
    const fd = openSync(path, 'r')
    try {
      const opened = await (isCompressed(fd) ? openCompressed(path, fd, deps) : openPlain(path, fd, deps))
      if (opened === 'damaged') return 'its lines are not kept, as it is damaged'
      const { text, matching } = opened
      const followed = matching.find(({ isFollowed, generation }) => isFollowed && !generation.isEnded)
      if (followed !== undefined)
        return `its lines are kept as those of ${followed.generation.source}, which is followed`
      const start = startOf(path, fd, matching, deps)
      const isOpen = new ScannedText(deps, text, start)
      return isOpen
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** Gives how many were kept: those that were not there already. Throws StepConflict. */
  async keep(lines: readonly FoundLine[], groups: readonly FoundGroup[]): Promise<number> {
    const { offset } = this.#generation
    const fresh = lines.filter((line) => line.offset >= offset)
    const last = fresh.at(-1)
    if (last === undefined) return 0
    const end = this.#endOf(last)
    await this.#keepAt(end, last.line, fresh, groups, false)
    return fresh.length
  }

  /** All of it was read. */
  async end(newlines: number): Promise<void> {
    await this.#keepAt(this.#size, newlines, [], [], true)
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }

  #endOf({ offset, length }: FoundLine): number {
    if (isCompressed(this.#fd)) return Math.min(this.#size, offset + length + 1)
    const end = endOfFirstLine(this.#fd, offset + length, this.#size)
    return end === -1 ? this.#size : end
  }

  async #keepAt(
    offset: number,
    newlines: number,
    lines: readonly FoundLine[],
    groups: readonly FoundGroup[],
    isEnded: boolean,
  ): Promise<void> {
    const generation = { ...this.#generation, ...this.#piecesAt(offset), newlines, size: this.#size, isEnded }
    const { patternsVersion, store } = this.#deps
    const wanted = new Set(lines.map(({ group }) => group))
    const some = groups.filter(({ id }) => wanted.has(id))
    await store.keep([{ generation, before: this.#stored, lines, groups: some, patternsVersion }])
    this.#generation = generation
    this.#stored = generation.offset
  }
}

interface Opened {
  readonly text: { readonly fd: number; readonly size: number; piecesAt(offset: number): Pieces }
  /** Texts that are known, and are the beginning of this one. */
  readonly matching: readonly KnownText[]
}

async function openPlain(_: string, fd: number, { known, node }: ScannedTextDeps): Promise<Opened> {
  const facts = factsOfOpen(fd)
  const candidates = await known.find(node, facts, [])
  return {
    text: {
      ...{ fd, size: facts.size },
      piecesAt: (offset) => ({ offset, head: headOf(fd, offset), tail: tailOf(fd, offset) }),
    },
    matching: candidates.filter(({ generation }) => generation.offset > 0 && holds(fd, facts.size, generation)),
  }
}

async function openCompressed(path: string, fd: number, { known, node }: ScannedTextDeps): Promise<Opened | 'damaged'> {
  const whole = await wholeText(path)
  if (whole === null) return 'damaged'
  const candidates = await known.find(node, factsOfOpen(fd), originalPaths(path))
  const matching: KnownText[] = []
  for (const candidate of candidates) {
    const { generation } = candidate
    if (generation.offset === 0 || generation.offset > whole.bytes) continue
    using rest = await unpackRest(path, generation, 0)
    if (rest !== null) matching.push(candidate)
  }
  const { bytes, head, tail } = whole
  return {
    // Before the end, only the beginning is known.
    text: { fd, size: bytes, piecesAt: (offset) => ({ offset, head, tail: offset === bytes ? tail : noPiece }) },
    matching,
  }
}

function startOf(
  path: string,
  fd: number,
  matching: readonly KnownText[],
  { node, source, newId }: ScannedTextDeps,
): { generation: Generation; stored: number | null } {
  const [furthest] = matching.map(({ generation }) => generation).sort((one, other) => other.offset - one.offset)
  // Another scan did not come to its end.
  if (furthest !== undefined && furthest.source === source && !furthest.isEnded)
    return { generation: furthest, stored: furthest.offset }
  const { device, inode } = factsOfOpen(fd)
  const fresh = { id: newId(), source, node, path: realpathSync(path), device, inode, isEnded: false, losses: [] }
  if (furthest === undefined)
    return { generation: { ...fresh, head: noPiece, tail: noPiece, offset: 0, size: 0, newlines: 0 }, stored: null }
  const { head, tail, offset, size, newlines } = furthest
  return { generation: { ...fresh, head, tail, offset, size, newlines }, stored: null }
}
