import * as char from './char-codes.ts'
import { exceptionAtStart, exceptionIn } from './exception-name.ts'
import { unquoted } from './json-line.ts'
import { framesMax, goTrace, pythonTrace, rubyTrace, rustTrace, type Trace } from './language-traces.ts'
import { frameOf, isFrame } from './trace-frame.ts'

/** No trace is read further than this. */
const linesMax = 2000

/**
 * The trace in an event's lines, null if there is none. Java, JavaScript and .NET print the outermost exception first and its
 * frames below; Python prints it last, and frames the other way round. Go's and Rust's own frames of panicking are left out.
 */
export function traceOf(lines: readonly string[]): Trace | null {
  const given = lines.slice(0, linesMax)
  const first = given[0] ?? ''
  if (first.trimStart().startsWith('{')) {
    const stack = stackInJson(first)
    if (stack !== null) return traceOf(stack.split('\n'))
  }
  return pythonTrace(given) ?? goTrace(given) ?? rustTrace(given) ?? rubyTrace(given) ?? listedTrace(given)
}

const stackKeys = ['"stack":', '"stack_trace":', '"stacktrace":', '"exc_info":', '"exception":', '"stackTrace":']

/** A trace within one JSON line: its text, decoded. */
function stackInJson(line: string): string | null {
  for (const key of stackKeys) {
    const keyAt = line.indexOf(key)
    if (keyAt < 0) continue
    let open = keyAt + key.length
    while (line.charCodeAt(open) === char.space) open++
    if (line.charCodeAt(open) !== char.quote) continue
    let end = open + 1
    while (end < line.length && line.charCodeAt(end) !== char.quote)
      end += line.charCodeAt(end) === char.backslash ? 2 : 1
    const text = unquoted(line, open, end + 1)
    if (text.includes('\n')) return text
  }
  return null
}

/** Java, JavaScript, .NET and PHP: the name above, the frames below. */
function listedTrace(lines: readonly string[]): Trace | null {
  const start = lines.findIndex((line, index) => isFrame(line) && (index > 0 || line.trimStart().startsWith('at ')))
  if (start < 0) {
    const named = lines.slice(0, 8).map(exceptionIn)
    const exception = named.find((name) => name !== null) ?? null
    return exception === null || lines.length === 1 ? null : { exception, frames: [] }
  }
  const frames: string[] = []
  for (let index = start; index < lines.length && frames.length < framesMax; index++) {
    const line = lines[index] as string
    const frame = isFrame(line) ? frameOf(line) : null
    if (frame !== null && frame !== '{main}') frames.push(frame)
    else if (frame === null && endsList(line)) break
  }
  return { exception: exceptionAbove(lines, start), frames }
}

/** The next exception of the chain begins; .NET's inner frames come before the outer ones, and are the place of the fault. */
function endsList(line: string): boolean {
  const text = line.trimStart()
  return (
    text.startsWith('Caused by:') ||
    text.startsWith('Suppressed:') ||
    text.startsWith('[cause]') ||
    text.startsWith('[errors]') ||
    text.startsWith('Next ')
  )
}

/** The name nearest to the frames at the beginning of a line, else the nearest anywhere in a line. */
function exceptionAbove(lines: readonly string[], start: number): string | null {
  const above = lines.slice(Math.max(0, start - 10), Math.max(start, 1)).reverse()
  for (const line of above) {
    const name = exceptionAtStart(line)
    if (name !== null) return name
  }
  for (const line of above) {
    const name = exceptionIn(line)
    if (name !== null) return name
  }
  return null
}
