import type { CharSet } from './char-set.ts'
import { type Assertion, type Pattern, PatternError } from './syntax.ts'
import { utf8Ranges } from './utf8.ts'

/** A step of a program over bytes. `next` is the number of the step that follows. */
export type Step =
  | { readonly kind: 'bytes'; readonly from: number; readonly to: number; next: number }
  | { readonly kind: 'fork'; readonly nexts: number[] }
  | { readonly kind: 'assert'; readonly assertion: Assertion; next: number }
  | { readonly kind: 'match'; readonly pattern: number }

/** Patterns as one nondeterministic program; each has a start of its own. */
export interface Program {
  readonly steps: readonly Step[]
  readonly starts: readonly number[]
}

const stepsMax = 200_000

/** Throws PatternError for patterns whose repetitions come to too much. */
export function compileProgram(patterns: readonly Pattern[]): Program {
  const steps: Step[] = []
  /** The steps that read a set of characters and go on, made once for each continuation. */
  const readers = new Map<string, number>()

  function add(step: Step): number {
    if (steps.length >= stepsMax)
      throw new PatternError('the pattern is too large: its repetitions come to too much', 0)
    steps.push(step)
    return steps.length - 1
  }

  /** Steps are made from the end: each knows what follows it. */
  function compile(pattern: Pattern, next: number): number {
    switch (pattern.kind) {
      case 'empty':
        return next
      case 'chars':
        return compileChars(pattern.set, next)
      case 'assert':
        return add({ kind: 'assert', assertion: pattern.assertion, next })
      case 'sequence':
        return pattern.parts.reduceRight((after, part) => compile(part, after), next)
      case 'choice':
        return add({ kind: 'fork', nexts: pattern.options.map((option) => compile(option, next)) })
      case 'repeat':
        return compileRepeat(pattern, next)
    }
  }

  function compileChars(set: CharSet, next: number): number {
    const nexts = utf8Ranges(set).map((ranges) =>
      ranges.reduceRight((after, [from, to]) => {
        const key = `${from}-${to}>${after}`
        const known = readers.get(key)
        if (known !== undefined) return known
        const made = add({ kind: 'bytes', from, to, next: after })
        readers.set(key, made)
        return made
      }, next),
    )
    return nexts.length === 1 ? (nexts[0] as number) : add({ kind: 'fork', nexts })
  }

  function compileRepeat({ part, min, max }: Extract<Pattern, { kind: 'repeat' }>, next: number): number {
    let after = next
    if (max === null) {
      const again: Step = { kind: 'fork', nexts: [next] }
      const loop = add(again)
      again.nexts.push(compile(part, loop))
      after = loop
    } else for (let i = min; i < max; i++) after = add({ kind: 'fork', nexts: [next, compile(part, after)] })
    for (let i = 0; i < min; i++) after = compile(part, after)
    return after
  }

  const starts = patterns.map((pattern, index) => {
    readers.clear()
    return compile(pattern, add({ kind: 'match', pattern: index }))
  })
  return { steps, starts }
}
