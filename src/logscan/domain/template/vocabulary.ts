import { kind, kindOf } from './char-kinds.ts'
import { wildText } from './tokens.ts'

/** What the look of a word says about whether others may stand in its place. */
export const shape = {
  wild: 0,
  delimiter: 1,
  plain: 2,
  /** A participle: what happened, not to what. */
  verbal: 3,
  /** A state, a constant or an error's type: RUNNING, E_FAIL, java.io.IOException. */
  state: 4,
  /** A made-up name: eventQueue, pool_size, cache-manager. */
  identifier: 5,
  /** With dots or slashes, two or more: the name of a class, a package, a property or a host. */
  qualified: 6,
  sign: 7,
} as const
type Shape = (typeof shape)[keyof typeof shape]

/** Numbers for words, in order of first sight, with `<*>` as 0. */
export interface Vocabulary {
  idOf(text: string): number
  shapeOf(id: number): Shape
  textOf(id: number): string
  size(): number
}

export function createVocabulary(): Vocabulary {
  const ids = new Map<string, number>([[wildText, 0]])
  const texts = [wildText]
  const shapes: Shape[] = [shape.wild]
  return {
    idOf(text) {
      const known = ids.get(text)
      if (known !== undefined) return known
      ids.set(text, texts.length)
      shapes.push(looksOf(text))
      return texts.push(text) - 1
    },
    shapeOf: (id) => shapes[id] as Shape,
    textOf: (id) => texts[id] as string,
    size: () => texts.length,
  }
}

function looksOf(text: string): Shape {
  if (text.length === 1 && kindOf(text.charCodeAt(0)) === kind.delimiter) return shape.delimiter
  if (!/\p{L}/u.test(text)) return shape.sign
  const bare = text.replace(/^[^\p{L}]+|[^\p{L}\d]+$/gu, '')
  if (/^(?:[\w$]+\.)*[A-Z][A-Z_]+$/.test(bare) || /(?:Exception|Error)$/.test(bare)) return shape.state
  if (/[\w$-][./][\w$-]+[./][\w$-]/.test(bare)) return shape.qualified
  if (/[._$/\\~+*&%]|\p{L}-\p{L}|\p{Ll}\p{Lu}/u.test(bare)) return shape.identifier
  return /(?:ed|ing)$/.test(bare) && bare.length > 4 ? shape.verbal : shape.plain
}
