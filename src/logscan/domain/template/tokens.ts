import { kind, kindOf } from './char-kinds.ts'

/** A piece of a masked message: a word, one delimiter, or `<*>`. */
export interface Token {
  readonly text: string
  /** Whether white space stands before it. */
  readonly spaced: boolean
}

export const wildText = '<*>'

/** Of a longer message all the rest is one token. */
const tokensMax = 128

/**
 * Makes a cutter of masked messages into tokens, of which equal ones are the same object; white space only separates.
 * What repeats at once and holds a `<*>` is kept once, so that a list is the same at any length. Linear in the length.
 */
export function createTokenizer(): (masked: string) => Token[] {
  const known = [new Map<string, Token>(), new Map<string, Token>()] as const
  const tokenOf = (text: string, spaced: boolean): Token => {
    const same = known[spaced ? 1 : 0]
    const token = same.get(text) ?? { text, spaced }
    same.set(text, token)
    return token
  }
  return (masked) => withoutRepeats(cut(masked, tokenOf))
}

function cut(masked: string, tokenOf: (text: string, spaced: boolean) => Token): Token[] {
  const tokens: Token[] = []
  let spaced = false
  let at = 0
  while (at < masked.length) {
    const from = at
    const code = masked.charCodeAt(at)
    if (code === 60 && masked.startsWith(wildText, at)) at += wildText.length
    else if (kindOf(code) === kind.delimiter) at++
    else while (at < masked.length && kindOf(masked.charCodeAt(at)) !== kind.delimiter) at++
    if (isSpace(code)) spaced = true
    else {
      if (tokens.length === tokensMax - 1) at = masked.length
      tokens.push(tokenOf(masked.slice(from, at), spaced))
      spaced = false
    }
  }
  return tokens
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

const repeatedTokensMax = 8

function withoutRepeats(tokens: readonly Token[]): Token[] {
  const kept: Token[] = []
  for (const token of tokens) {
    kept.push(token)
    for (let length = 1; length <= repeatedTokensMax; length++) {
      if (!endsTwice(kept, length)) continue
      kept.length -= length
      break
    }
  }
  return kept
}

/** Whether the last `length` tokens are the same as those before them, and hold a `<*>`. */
function endsTwice(tokens: readonly Token[], length: number): boolean {
  const end = tokens.length
  if (end < 2 * length) return false
  let wild = false
  for (let back = 1; back <= length; back++) {
    const { text } = tokens[end - back] as Token
    if (text !== (tokens[end - back - length] as Token).text) return false
    if (text === wildText) wild = true
  }
  return wild
}

/** The text of tokens of which some became wild; neighbouring wild ones are shown as one. */
export function textOf(tokens: readonly Token[], isWild: (at: number) => boolean): string {
  let out = ''
  tokens.forEach(({ text, spaced }, at) => {
    const shown = isWild(at) ? wildText : text
    if (shown === wildText && out.endsWith(wildText)) return
    out += spaced && out !== '' ? ` ${shown}` : shown
  })
  return out
}
