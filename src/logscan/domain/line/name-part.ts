import * as char from './char-codes.ts'
import { isShouted, letterLevel, levelWord } from './level-word.ts'
import { peelPlace } from './logger.ts'
import { done, type Scan } from './scan.ts'

/**
 * A word between stamp and level: a logger's, process's or user's name. It is one only where the level follows, and then
 * only if it looks like a name, or if the level is marked as one: "the ERROR was" stays a message.
 */
export function peelName(scan: Scan, from: number): number {
  const { text } = scan
  if (!scan.hasStamp || scan.level !== null) return -1
  const end = char.wordEnd(text, from, scan.end)
  if (end === from + 1) return peelLetter(scan, from)
  // Windows marks programs of 32 bits with `*32`, some tools those of 64.
  const markEnd = text.startsWith(' *', end) ? char.digitsEnd(text, end + 2, scan.end) : end
  const next = char.skipBlanks(text, markEnd, scan.end)
  const isDashed = text.charCodeAt(next) === char.dash && char.isBlank(text.charCodeAt(next + 1))
  const levelAt = isDashed ? char.skipBlanks(text, next + 1, scan.end) : next
  const known = char.isLetter(text.charCodeAt(levelAt)) ? levelWord(text, levelAt) : null
  if (known === null) {
    if (isDashed) return peelProgram(scan, from, end, next)
    return isJavaMethod(text, from, end, next) ? keepMethod(scan, from, end) : peelPlace(scan, from, end)
  }
  const after = text.charCodeAt(levelAt + known.word.length)
  const isMarked = after === char.colon || (isDashed && char.isBlank(after))
  if (!isMarked && !char.isBlank(after)) return -1
  if (!isDashed && !isShouted(text, levelAt)) return -1
  if (!isMarked && !looksLikeName(text, from, end)) return -1
  if (char.isLetter(text.charCodeAt(from)) && !text.slice(from, end).includes('='))
    scan.component = text.slice(from, end)
  return next
}

/** `chrome.exe - message`: a name with a dot inside, before a dash. */
function peelProgram(scan: Scan, from: number, end: number, dashAt: number): number {
  const name = scan.text.slice(from, end)
  if (!/^[A-Za-z][\w-]*\.[\w.-]*\w$/.test(name)) return -1
  scan.component = name
  return done(scan, dashAt + 1)
}

/** java.util.logging tells class and method, and the message on the next line: they stay, as the only text there is. */
function isJavaMethod(text: string, from: number, end: number, methodAt: number): boolean {
  const methodEnd = char.wordEnd(text, methodAt, methodAt + 128)
  if (methodEnd !== text.length || methodEnd === methodAt) return false
  const className = text.slice(from, end)
  return /^[a-z]\w*(\.\w+)*\.[A-Z][\w$]*$/.test(className) && /^[\w$<>]+$/.test(text.slice(methodAt, methodEnd))
}

function keepMethod(scan: Scan, from: number, end: number): number {
  scan.component = scan.text.slice(from, end)
  return done(scan, from)
}

/** With a digit, a joint, or a capital inside. */
function looksLikeName(text: string, from: number, end: number): boolean {
  for (let index = from + 1; index < end; index++) {
    const code = text.charCodeAt(index)
    const isPlain = char.isLetter(code) && !char.isUpper(code)
    if (!isPlain) return index < end - 1 || char.isDigit(code)
  }
  return false
}

/** A level's first letter: TensorFlow's `E path/file.cc:12] message`, MongoDB's `I NETWORK  [conn1] message`. */
function peelLetter(scan: Scan, from: number): number {
  const { text } = scan
  const level = char.isUpper(text.charCodeAt(from)) ? letterLevel(text.charCodeAt(from)) : null
  if (level === null) return -1
  const next = char.skipBlanks(text, from + 1, scan.end)
  const end = char.wordEnd(text, next, scan.end)
  if (text.charCodeAt(next) === char.pipe) {
    scan.level = level
    return next
  }
  if (text.charCodeAt(end - 1) === char.closeBracket) {
    if (peelPlace(scan, next, end) < 0) return -1
    scan.level = level
    return done(scan, end)
  }
  const context = char.skipBlanks(text, end, scan.end)
  if (!isShouted(text, next) || text.charCodeAt(context) !== char.openBracket) return -1
  const close = text.indexOf(']', context)
  if (close < 0 || close > scan.end) return -1
  scan.level = level
  scan.component = text.slice(next, end)
  return done(scan, close + 1)
}
