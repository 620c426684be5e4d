import { parseDocument } from 'yaml'
import { z } from 'zod'
import { type LogPattern, levels } from '../../domain/log-pattern.ts'
import { PatternFileError, patternsMax, textMax } from './pattern-file-error.ts'

const oneLine = z.string().regex(/^[^\0\r\n\p{Cs}]*$/u, 'must be one line of characters, without NUL')
const Text = oneLine.min(1).max(textMax)
const Entry = z
  .strictObject({
    id: z.string().regex(/^[\w.-]{1,80}$/, 'must be 1 to 80 letters, digits, _ . -'),
    title: oneLine.min(1).max(200).optional(),
    level: z.enum(levels).default('error'),
    regex: Text.optional(),
    literal: Text.optional(),
    any_of: z.array(Text).min(1).max(1000).optional(),
    ignore_case: z.boolean().default(false),
  })
  .refine(({ regex, literal, any_of }) => [regex, literal, any_of].filter((way) => way !== undefined).length === 1, {
    message: 'must have one of regex, literal and any_of',
  })
const Entries = z.array(Entry).max(patternsMax)

/** Throws PatternFileError. */
export function readYamlPatterns(text: string): LogPattern[] {
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
