import * as char from './char-codes.ts'
import { exceptionIn } from './exception-name.ts'
import { frameOf, goFrame, rubyFrame, rustFrame } from './trace-frame.ts'

/** What a group of errors is known by. */
export interface Trace {
  /** Type of the outermost exception: the one that nothing else wraps. */
  readonly exception: string | null
  /** Where it was thrown, then its callers; five at most, without what differs between builds. */
  readonly frames: readonly string[]
}

export const framesMax = 5
const headMax = 1024

const inGroup = /^ {2}[|+] ?/

/** The last traceback that is not within a group: what came out in the end. */
export function pythonTrace(lines: readonly string[]): Trace | null {
  const isGroup = lines.some((line) => line.startsWith('  + Exception Group Traceback'))
  const own = isGroup ? lines.filter((line) => inGroup.test(line)).map((line) => line.replace(inGroup, '')) : lines
  let start = own.findLastIndex((line) => /^\s*(?:Exception Group )?Traceback \(most recent/.test(line.slice(0, 256)))
  if (start < 0) start = own.findIndex((line) => /^\s+File "[^"]*", line \d+/.test(line.slice(0, headMax))) - 1
  if (start < -1 || (start === -1 && !own[0]?.trimStart().startsWith('File "'))) return null
  const indent = indentOf(own[start] ?? '')
  const frames: string[] = []
  for (const line of own.slice(start + 1)) {
    const isBelow = indentOf(line) <= indent && line.trim() !== ''
    if (isBelow) return { exception: pythonName(line), frames: frames.slice(-framesMax).reverse() }
    const frame = line.trimStart().startsWith('File "') ? frameOf(line) : null
    if (frame !== null) frames.push(frame)
  }
  return frames.length === 0 ? null : { exception: null, frames: frames.slice(-framesMax).reverse() }
}

function indentOf(line: string): number {
  return char.skipBlanks(line, 0, line.length)
}

function pythonName(line: string): string | null {
  return /^\s*([A-Za-z_][\w.]*)(?::|\s*$)/.exec(line.slice(0, headMax))?.[1] ?? null
}

/** Frames of the goroutine that is listed first, which is the one that failed. */
export function goTrace(lines: readonly string[]): Trace | null {
  const start = lines.findIndex((line) => /^\s*goroutine \d+ .*\[/.test(line.slice(0, 256)))
  if (start < 0) return null
  const frames: string[] = []
  for (const line of lines.slice(start + 1)) {
    if (line.trim() === '' || line.startsWith('goroutine ') || frames.length === framesMax) break
    const isCall = !char.isBlank(line.charCodeAt(0)) && !line.startsWith('created by ')
    if (isCall && !isOfPanic(line)) frames.push(goFrame(line.trim()))
  }
  return { exception: goFault(lines.slice(0, start)), frames }
}

function isOfPanic(line: string): boolean {
  return line.startsWith('panic(') || line.startsWith('runtime.') || line.startsWith('runtime/debug.')
}

/** Go's panics have values, not types: `runtime error`, `fatal error`, or just `panic`. */
function goFault(above: readonly string[]): string {
  const told = above.find((line) => line.includes('panic: ') || line.includes('fatal error: ')) ?? ''
  if (told.includes('panic: runtime error')) return 'runtime error'
  return told.includes('fatal error: ') && !told.includes('panic: ') ? 'fatal error' : 'panic'
}

export function rustTrace(lines: readonly string[]): Trace | null {
  const head = lines.find((line) => line.slice(0, headMax).includes(' panicked at '))
  if (head === undefined) return null
  const listed = lines
    .filter((line) => /^\s+\d+: +\S/.test(line.slice(0, 64)))
    .map((line) => rustFrame(line.slice(0, headMax)))
  const frames = listed
    .filter((frame) => !/^(?:rust_|__rust|std::|core::|<core::|backtrace::|alloc::)/.test(frame))
    .slice(0, framesMax)
  const place = /([\w./\\-]+\.rs):\d+:\d+/.exec(head.slice(0, headMax))?.[1]
  return { exception: 'panic', frames: frames.length > 0 || place === undefined ? frames : [place] }
}

/** `/app/x.rb:12:in 'foo': message (RuntimeError)`, then `from` lines. */
export function rubyTrace(lines: readonly string[]): Trace | null {
  const head = lines.findIndex(
    (line) => /\.rb:\d+:in /.test(line.slice(0, headMax)) && !/^\s*from /.test(line.slice(0, 64)),
  )
  if (head < 0) return null
  const line = (lines[head] as string).slice(0, headMax)
  const name = /\(([A-Z][\w:]*)\)\s*$/.exec(line)?.[1]
  const first = rubyFrame(/\S*\.rb:\d+:in .*/.exec(line)?.[0] ?? '')
  const callers = lines
    .slice(head + 1)
    .filter((below) => below.trimStart().startsWith('from '))
    .map(frameOf)
  const frames = [first, ...callers].filter((frame) => frame !== null).slice(0, framesMax)
  return { exception: name ?? exceptionIn(line), frames }
}
