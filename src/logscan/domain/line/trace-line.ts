import * as char from './char-codes.ts'
import { hasOwnHeader } from './own-header.ts'

/** What a line is among those of a trace. */
export type TraceLine =
  | 'header' // begins an event of its own
  | 'blank'
  | 'indented' // belongs to whatever is before it
  | 'part' // by its words of a trace: `Caused by:`, `at f`, `... 12 more`, `#0 /x.php(1)`
  | 'traceback' // Python's, whose next line that is not indented names the exception
  | 'go' // of a list of goroutines
  | 'closer' // brackets that end what is printed with an error
  | 'exception' // `pkg.SomeError: message`, without anything before it
  | 'other'

const caret = 94

export function kindOf(line: string): TraceLine {
  const from = char.skipBlanks(line, 0, line.length)
  const first = line.charCodeAt(from)
  if (Number.isNaN(first) || (first <= char.space && line.trim() === '')) return 'blank'
  if (hasOwnHeader(line, from)) return 'header'
  if (isTraceback(line, from)) return 'traceback'
  if (from > 0) return 'indented'
  if (first === caret) return 'part'
  if (isCloser(line)) return 'closer'
  if (partStarts.get(first)?.some((start) => line.startsWith(start)) === true) return 'part'
  if (goStarts.some((start) => line.startsWith(start)) || isGoCall(line)) return 'go'
  return isException(line) ? 'exception' : 'other'
}

function isTraceback(line: string, from: number): boolean {
  if (line.charCodeAt(from) === 84) return line.startsWith('Traceback (most recent call last)', from)
  return from > 0 && line.startsWith('File "', from) && line.includes('", line ')
}

const goStarts = ['goroutine ', 'created by ', 'exit status ', '[signal ', 'runtime stack:', 'rax ', 'rip ', 'panic(']

const starts = [
  ...[
    'at ',
    'Caused by: ',
    'Suppressed: ',
    '... ',
    'During handling of the above exception',
    'The above exception was the ',
  ],
  ...['[stack]:', '[errors]: [', '[cause]: ', '-->', '--- End of ', '---> ', '^', 'Stack trace:', 'stack backtrace:'],
  ...[
    'note: run with `RUST_BACKTRACE',
    'note: Some details are omitted',
    'Node.js v',
    'thrown in ',
    'Next ',
    'throw ',
    'from ',
  ],
  ...['Wrapped by: ', '| ', '+ ', ...Array.from({ length: 10 }, (_, digit) => `#${digit}`)],
]
const partStarts = new Map<number, string[]>()
for (const start of starts) partStarts.set(start.charCodeAt(0), [...(partStarts.get(start.charCodeAt(0)) ?? []), start])

/** Closing brackets, with a comma or semicolon at most. */
function isCloser(line: string): boolean {
  if (line.length > 8) return false
  for (let index = 0; index < line.length; index++) if (!')}],; \r'.includes(line.charAt(index))) return false
  return true
}

/** `main.(*T).run(0xc000, {0x1, 0x2})`: a path with a dot, then its arguments to the end of the line. */
function isGoCall(line: string): boolean {
  const last = line.charCodeAt(line.length - 1) === 13 ? line.length - 2 : line.length - 1
  if (line.charCodeAt(last) !== 41) return false
  for (let index = 0; index < last; index++) {
    const code = line.charCodeAt(index)
    if (code === 40) return index > 0 && line.lastIndexOf('.', index) > 0
    if (char.isBlank(code)) return false
  }
  return false
}

/** A name alone or before a colon, which ends as exceptions' names do, or is a path to a class. */
function isException(line: string): boolean {
  const end = nameEnd(line)
  const after = line.charCodeAt(end)
  const isWhole = Number.isNaN(after) || after === 13
  if (end === 0 || !(isWhole || (after === char.colon && isGap(line, end + 1)) || line.startsWith(' [', end)))
    return false
  const lastDot = Math.max(line.lastIndexOf('.', end - 1), line.lastIndexOf('\\', end - 1))
  return (
    isFaultName(line.slice(lastDot + 1, end)) || (!isWhole && lastDot > 0 && char.isUpper(line.charCodeAt(lastDot + 1)))
  )
}

/** A word in CamelCase or with dots, alone or before a colon: exceptions of Python need not be called errors. */
export function isBareName(line: string): boolean {
  const end = nameEnd(line)
  const isWhole = end >= line.length || line.charCodeAt(end) === 13
  if (end < 2 || !(isWhole || (line.charCodeAt(end) === char.colon && isGap(line, end + 1)))) return false
  return char.isUpper(line.charCodeAt(line.lastIndexOf('.', end - 1) + 1))
}

function isGap(line: string, at: number): boolean {
  return at >= line.length || line.charCodeAt(at) <= char.space
}

function nameEnd(line: string): number {
  if (!char.isLetter(line.charCodeAt(0)) && line.charCodeAt(0) !== 95) return 0
  let end = 1
  while (
    char.isNameChar(line.charCodeAt(end)) ||
    line.charCodeAt(end) === char.dot ||
    line.charCodeAt(end) === char.backslash
  )
    end++
  return end <= 200 ? end : 0
}

const faultNames = new Set([
  'KeyboardInterrupt',
  'SystemExit',
  'StopIteration',
  'GeneratorExit',
  'ExceptionGroup',
  'BaseExceptionGroup',
])
const faultTails = ['Error', 'Exception', 'Throwable', 'Fault', 'Failure', 'Warning', 'Interrupt', 'Timeout']

/** Of the last part of a name. */
export function isFaultName(name: string): boolean {
  return char.isUpper(name.charCodeAt(0)) && (faultNames.has(name) || faultTails.some((tail) => name.endsWith(tail)))
}
