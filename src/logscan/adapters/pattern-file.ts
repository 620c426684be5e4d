import { parseDocument } from 'yaml'
import { z } from 'zod'
import { type LogPattern, levels } from '../domain/log-pattern.ts'

const textMax = 10_000
const patternsMax = 10_000

const Text = z.string().min(1).max(textMax)
const Entry = z
  .strictObject({
    id: z.string().regex(/^[\w.-]{1,80}$/, 'must be 1 to 80 letters, digits, _ . -'),
    title: z.string().min(1).max(200).optional(),
    level: z.enum(levels).default('error'),
    regex: Text.optional(),
    literal: Text.optional(),
    any_of: z.array(Text).min(1).max(1000).optional(),
    ignore_case: z.boolean().default(false),
  })
  .refine(({ regex, literal, any_of }) => [regex, literal, any_of].filter((way) => way !== undefined).length === 1, {
    message: 'must have one of regex, literal and any_of',
  })
const Entries = z.array(Entry).min(1).max(patternsMax)

/** A file of patterns that cannot be read; each problem names the entry or line, the field and the rule. */
export class PatternFileError extends Error {
  override readonly name = 'PatternFileError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** Reads YAML (by the file's name), or one regular expression a line with `#` for comments. Throws PatternFileError. */
export function readPatternFile(name: string, text: string): LogPattern[] {
  const patterns = /\.ya?ml$/i.test(name) ? readYaml(text) : readLines(text)
  const ids = new Set<string>()
  const twice = patterns.filter(({ id }) => ids.size === ids.add(id).size).map(({ id }) => `${id}: stands there twice`)
  if (twice.length > 0) throw new PatternFileError(twice)
  return patterns
}

function readYaml(text: string): LogPattern[] {
  const document = parseDocument(text)
  if (document.errors.length > 0)
    throw new PatternFileError(document.errors.map(({ message }) => message.split('\n', 1)[0] as string))
  const { data, error } = Entries.safeParse(document.toJS())
  if (error !== undefined)
    throw new PatternFileError(error.issues.map(({ path, message }) => `${path.join('.') || 'the list'}: ${message}`))
  return data.map(({ id, title = id, level, regex, literal, any_of, ignore_case }) => ({
    ...{ id, title, level, ignoreCase: ignore_case },
    match: regex === undefined ? { anyOf: any_of ?? [literal as string] } : { regex },
  }))
}

function readLines(text: string): LogPattern[] {
  const patterns: LogPattern[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === '' || line.startsWith('#')) continue
    if (line.length > textMax) throw new PatternFileError([`line ${index + 1}: is longer than ${textMax} characters`])
    patterns.push({ id: `line-${index + 1}`, title: line, level: 'error', match: { regex: line }, ignoreCase: false })
  }
  if (patterns.length === 0) throw new PatternFileError(['there is no pattern in it'])
  if (patterns.length > patternsMax) throw new PatternFileError([`there are more than ${patternsMax} patterns in it`])
  return patterns
}
