import * as char from './char-codes.ts'
import { levelNamed } from './level-word.ts'
import { done, type Scan, takeStamp } from './scan.ts'
import { readStamp } from './stamp.ts'
import { peelSyslog } from './syslog-part.ts'

/**
 * Layouts in which words and numbers come before the stamp: those of supercomputers, Redis, and names of files put before
 * each line. Tried when a line begins with no stamp. Gives -1 if the line has none of them.
 */
export function peelNumberedLayout(scan: Scan, from: number): number {
  const first = scan.text.charCodeAt(from)
  const end = char.wordEnd(scan.text, from, Math.min(scan.end, from + 160))
  if (scan.text.charCodeAt(end) !== char.space) return -1
  if (first === char.openBracket) return peelRedis(scan, from, end)
  if (char.isDigit(first)) {
    const after = peelRedis(scan, from, end)
    return after >= 0 ? after : peelCluster(scan, from, end)
  }
  const alert = peelAlert(scan, end)
  if (alert >= 0) return alert
  const service = peelService(scan, from, end)
  return service >= 0 ? service : peelFileName(scan, from, end)
}

/** `1:M 01 Jan 2026 00:00:00.000 # message`, before Redis 3 `[1] 01 Jan 00:00:00.000 # message`. */
function peelRedis(scan: Scan, from: number, end: number): number {
  const { text } = scan
  const isOld = text.charCodeAt(from) === char.openBracket
  const pidEnd = char.digitsEnd(text, isOld ? from + 1 : from, end)
  const isRole =
    text.charCodeAt(pidEnd) === char.colon && end === pidEnd + 2 && char.isUpper(text.charCodeAt(pidEnd + 1))
  const isPid = isOld ? text.charCodeAt(pidEnd) === char.closeBracket && end === pidEnd + 1 : isRole
  if (!isPid || !char.isDigit(text.charCodeAt(end + 1))) return -1
  if (!readStamp(text, end + 1, scan.reference, scan.stamp)) return -1
  const next = takeStamp(scan)
  const level = redisLevels[text.charAt(next + 1)]
  if (level === undefined || text.charCodeAt(next) !== char.space || text.charCodeAt(next + 2) !== char.space)
    return isOld ? next : done(scan, next)
  scan.level = level
  return done(scan, next + 2)
}

const redisLevels: Readonly<Record<string, 'debug' | 'info' | 'warn'>> = {
  '.': 'debug',
  '-': 'debug',
  '*': 'info',
  '#': 'warn',
}

/** `134681 node-246 unix.hw state_change.unavailable 1077804742 1 message`: up to five words, the epoch, a flag. */
function peelCluster(scan: Scan, from: number, end: number): number {
  const { text } = scan
  if (char.digitsEnd(text, from, end) !== end || !char.isLetter(text.charCodeAt(end + 1))) return -1
  const hostEnd = char.wordEnd(text, end + 1, scan.end)
  const componentAt = hostEnd + 1
  let wordAt = componentAt
  for (let word = 0; word < 5; word++) {
    const wordStop = char.wordEnd(text, wordAt, scan.end)
    if (wordStop === scan.end) return -1
    const flagEnd = char.digitsEnd(text, wordStop + 1, scan.end)
    const isEpoch = isEpochAt(text, wordAt, wordStop) && flagEnd > wordStop + 1 && flagEnd - wordStop <= 4
    if (isEpoch && word > 0 && char.isBlank(text.charCodeAt(flagEnd))) {
      scan.hasStamp = true
      scan.time = char.numberAt(text, wordAt, wordStop) * 1000
      scan.host = text.slice(end + 1, hostEnd)
      scan.component = text.slice(componentAt, char.wordEnd(text, componentAt, scan.end))
      return done(scan, flagEnd)
    }
    wordAt = wordStop + 1
  }
  return -1
}

function isEpochAt(text: string, from: number, end: number): boolean {
  return end === from + 10 && char.digitsEnd(text, from, end) === end && char.numberAt(text, from, end) < 4e9
}

/** `- 1117838570 2005.06.03 node stamp …`: `-` or the name of an alert, then Blue Gene's columns or a line of syslog. */
function peelAlert(scan: Scan, alertEnd: number): number {
  const { text } = scan
  const epochEnd = alertEnd + 11
  if (!isEpochAt(text, alertEnd + 1, epochEnd) || text.charCodeAt(epochEnd) !== char.space) return -1
  const dateEnd = char.wordEnd(text, epochEnd + 1, scan.end)
  if (dateEnd !== epochEnd + 11 || text.charCodeAt(epochEnd + 5) !== char.dot) return -1
  const nodeEnd = char.wordEnd(text, dateEnd + 1, scan.end)
  if (!readStamp(text, nodeEnd + 1, scan.reference, scan.stamp)) return -1
  const isSyslog = scan.stamp.style === 'syslog'
  const next = takeStamp(scan) + 1
  const node = text.slice(dateEnd + 1, nodeEnd)
  // The stamp may lack the year and is of a zone that is not told: the epoch knows better, to the second.
  scan.time = char.numberAt(text, alertEnd + 1, epochEnd) * 1000 + (isSyslog ? 0 : scan.stamp.ms % 1000)
  const messageAt = isSyslog ? peelSyslog(scan, next) : peelColumns(scan, next)
  scan.host = node
  return messageAt
}

/** `node RAS KERNEL INFO message` */
function peelColumns(scan: Scan, from: number): number {
  const { text } = scan
  let next = from
  for (let column = 0; column < 4; column++) {
    const end = char.wordEnd(text, next, scan.end)
    if (column === 2) scan.component = text.slice(next, end)
    if (column === 3) scan.level = levelNamed(text.slice(next, end))
    next = char.skipBlanks(text, end, scan.end)
  }
  return done(scan, next)
}

/** Docker Compose: `web-1  | line`, `web_1  | line` before its second version. */
function peelService(scan: Scan, from: number, end: number): number {
  const { text } = scan
  const barAt = char.skipBlanks(text, end, scan.end)
  if (text.charCodeAt(barAt) !== char.pipe || !/^[A-Za-z][\w.-]*[-_]\d+$/.test(text.slice(from, end))) return -1
  scan.component = text.slice(from, end)
  scan.wrapper = 'container'
  return done(scan, barAt + 1)
}

/** `nova-api.log.1.2017-05-16_13:53:08 2017-05-16 …`: goes only where a stamp follows. */
function peelFileName(scan: Scan, from: number, end: number): number {
  const { text } = scan
  if (!char.isDigit(text.charCodeAt(end + 1)) || !readStamp(text, end + 1, scan.reference, scan.stamp)) return -1
  return text.slice(from, end).includes('.log') ? end + 1 : -1
}
