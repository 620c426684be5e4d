import type { LogPattern } from '../../domain/log-pattern.ts'
import { PatternFileError, patternsMax, textMax } from './pattern-file-error.ts'

/**
 * Reads YAML (by the file's name), or one regular expression a line with `#` for comments. Throws PatternFileError, also where
 * there is no pattern in it.
 */
export async function readPatternFile(name: string, content: string): Promise<LogPattern[]> {
  const patterns = await readPatterns(name, content)
  if (patterns.length === 0) throw new PatternFileError(['there is no pattern in it'])
  return patterns
}

/** The same, and none is none. */
export async function readPatterns(name: string, content: string): Promise<LogPattern[]> {
  const text = content.replace(/^\ufeff/, '')
  if (/[\0\ufffd]/.test(text)) throw new PatternFileError(['is not a text in UTF-8'])
  const patterns = /\.ya?ml$/i.test(name) ? await readYaml(text) : readLines(text)
  const ids = new Set<string>()
  const twice = patterns.filter(({ id }) => ids.size === ids.add(id).size).map(({ id }) => `${id}: stands there twice`)
  if (twice.length > 0) throw new PatternFileError(twice)
  return patterns
}

/** What reads YAML takes a while to load, and lines do not need it. */
async function readYaml(text: string): Promise<LogPattern[]> {
  const { readYamlPatterns } = await import('./pattern-yaml.ts')
  return readYamlPatterns(text)
}

function readLines(text: string): LogPattern[] {
  const patterns: LogPattern[] = []
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === '' || line.startsWith('#')) continue
    if (line.length > textMax) throw new PatternFileError([`line ${index + 1}: is longer than ${textMax} characters`])
    patterns.push({ id: `line-${index + 1}`, title: line, level: 'error', match: { regex: line }, ignoreCase: false })
  }
  if (patterns.length > patternsMax) throw new PatternFileError([`there are more than ${patternsMax} patterns in it`])
  return patterns
}
