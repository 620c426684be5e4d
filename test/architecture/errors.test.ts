import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { errorTable } from '#contract'

interface Thrown {
  readonly code: string
  readonly kind: string
  readonly place: string
}

/** Every `new DomainError('code', 'kind', ...)` of the sources; a conditional code counts with each of its branches. */
function thrownIn(file: string, text: string): Thrown[] {
  const found: Thrown[] = []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const literals = (node: ts.Node): string[] =>
    ts.isStringLiteral(node)
      ? [node.text]
      : ts.isConditionalExpression(node)
        ? [...literals(node.whenTrue), ...literals(node.whenFalse)]
        : []
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText() === 'DomainError') {
      const [code, kind] = node.arguments ?? []
      const codes = code === undefined ? [] : literals(code)
      const [kindText = '?'] = kind === undefined ? [] : literals(kind)
      const { line } = source.getLineAndCharacterOfPosition(node.getStart())
      for (const name of codes.length > 0 ? codes : ['?'])
        found.push({ code: name, kind: kindText, place: `${file}:${line + 1}` })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Codes that are made in another way than by throwing a DomainError. */
const madeElsewhere = {
  internal: 'the mask of every bug',
  'input.invalid': 'made from a failed schema',
}

describe('error codes', () => {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'src'], { encoding: 'utf8' }).split('\n')
  const thrown = files
    .filter((file) => /\.tsx?$/.test(file))
    .flatMap((file) => thrownIn(file, readFileSync(file, 'utf8')))

  test('every thrown code stands in the contract, with its kind', () => {
    const wrong = thrown.filter(
      ({ code, kind }) => (errorTable as Record<string, { kind: string }>)[code]?.kind !== kind,
    )
    expect(thrown.length).toBeGreaterThan(40)
    expect(wrong).toEqual([])
  })

  test('every code of the contract can be met', () => {
    const known = new Set([...thrown.map(({ code }) => code), ...Object.keys(madeElsewhere)])
    expect(Object.keys(errorTable).filter((code) => !known.has(code))).toEqual([])
  })

  test('a code or kind that is made up is found', () => {
    const planted = thrownIn('planted.ts', "throw new DomainError(a ? 'auth.required' : 'auth.nonsense', 'invalid')")
    expect(planted).toEqual([
      { code: 'auth.required', kind: 'invalid', place: 'planted.ts:1' },
      { code: 'auth.nonsense', kind: 'invalid', place: 'planted.ts:1' },
    ])
  })
})
