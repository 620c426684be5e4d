import { type Settled, settleLeaves } from './settle.ts'
import { wildText } from './tokens.ts'

interface TemplateLimits {
  /** Different masked messages told apart; later ones share at most 257 leaves, by their first word. */
  readonly leavesMax: number
  /** Masked messages that agree in so many characters are the same leaf. */
  readonly leafMaxChars: number
}

/** Collects masked messages as leaves, and merges the leaves into templates when asked. */
export interface TemplateTree {
  /**
   * The leaf of a masked message, by numbers from 0 in order of first sight. It depends on nothing that comes later, and
   * the same text always has the same leaf. Adds `lines` to the leaf's count.
   */
  leafOf(masked: string, lines?: number): number
  /** The templates of all leaves so far: the same for any order in which they came. See `settleLeaves`. */
  settle(): Settled
}

const overflowLeavesMax = 256

export function createTemplateTree({ leavesMax, leafMaxChars }: TemplateLimits): TemplateTree {
  const leafByText = new Map<string, number>()
  const texts: string[] = []
  const counts: number[] = []

  const create = (text: string): number => {
    // A copy: a slice would keep the whole line, or the chunk it was cut from, in memory.
    const own = ` ${text}`.slice(1)
    leafByText.set(own, texts.length)
    counts.push(0)
    return texts.push(own) - 1
  }
  const overflowOf = (text: string): number => {
    const coarse = `${firstWord(text)} ${wildText}`
    const known = leafByText.get(coarse)
    if (known !== undefined) return known
    if (texts.length < leavesMax + overflowLeavesMax) return create(coarse)
    return leafByText.get(wildText) ?? create(wildText)
  }
  const leafAt = (text: string): number =>
    leafByText.get(text) ?? (texts.length < leavesMax ? create(text) : overflowOf(text))

  return {
    leafOf(masked, lines = 1) {
      const leaf = leafAt(masked.length > leafMaxChars ? masked.slice(0, leafMaxChars) : masked)
      counts[leaf] = (counts[leaf] as number) + lines
      return leaf
    },
    settle: () => settleLeaves(texts, counts),
  }
}

const firstWordMaxChars = 64

function firstWord(text: string): string {
  const space = text.indexOf(' ')
  return text.slice(0, space < 0 ? firstWordMaxChars : Math.min(space, firstWordMaxChars))
}
