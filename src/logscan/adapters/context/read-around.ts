import { closeSync, constants, openSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import type { AroundRequest, TextAround, TextLine } from '../../app/ports.ts'
import type { Generation } from '../../domain/follow/generation.ts'
import { bytesAt, holds } from '../follow/file-text.ts'
import { Folders, factsAt, factsOfOpen, keyOf } from '../follow/open-files.ts'

/** Bytes that are read on either side of the line, and of itself. */
const sideMaxBytes = 65_536
const newline = 10
const carriageReturn = 13
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/**
 * Reads the lines around one, in the file that holds the generation's text still: where it was seen last, or under another
 * name beside it. Null if there is none, or it cannot be read.
 */
export function readAround(generation: Generation, request: AroundRequest): TextAround | null {
  try {
    const fd = openGeneration(generation)
    if (fd === null) return null
    try {
      const around = readLines(fd, request)
      // It may have been cut, or written anew, while it was read.
      return holds(fd, factsOfOpen(fd).size, generation) ? around : null
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    // What is missing or forbidden is not there for us; anything else is a bug.
    if (error instanceof Error && 'syscall' in error) return null
    throw error
  }
}

function openGeneration(generation: Generation): number | null {
  const { path, head } = generation
  if (!isAbsolute(path) || head.bytes === 0) return null
  const facts = factsAt(path)
  const isThere = facts !== null && keyOf(facts) === keyOf(generation)
  const place = isThere ? path : new Folders().find(dirname(path), generation)
  if (place === null) return null
  // Another may have its name by now, a pipe even, at which opening would wait.
  const fd = openSync(place, constants.O_RDONLY | constants.O_NONBLOCK)
  const opened = factsOfOpen(fd)
  if (keyOf(opened) === keyOf(generation) && holds(fd, opened.size, generation)) return fd
  closeSync(fd)
  return null
}

function readLines(fd: number, { offset, length, before, after }: AroundRequest): TextAround {
  const from = Math.max(0, offset - sideMaxBytes)
  const end = offset + length
  const above = bytesAt(fd, from, offset)
  const line = bytesAt(fd, offset, offset + Math.min(length, sideMaxBytes))
  const below = bytesAt(fd, end, end + sideMaxBytes)
  const isAll = below.length < sideMaxBytes
  return {
    before: lastOf(linesIn(above, from, { isStart: from === 0, isAll: false }), before),
    line: { offset, text: textOf(line), isCut: length > sideMaxBytes },
    after: linesIn(below, end, { isStart: false, isAll }).slice(0, after),
  }
}

/** The whole lines of a piece of text that begins at an offset: in or behind a line, unless it is the start of all. */
function linesIn(bytes: Buffer, offset: number, { isStart, isAll }: { isStart: boolean; isAll: boolean }): TextLine[] {
  const lines: TextLine[] = []
  const first = bytes.indexOf(newline)
  let at = isStart ? markOf(bytes) : first === -1 ? bytes.length : first + 1
  while (at < bytes.length) {
    const found = bytes.indexOf(newline, at)
    if (found === -1 && !isAll) break
    const to = found === -1 ? bytes.length : found
    lines.push({ offset: offset + at, text: textOf(bytes.subarray(at, to)) })
    at = to + 1
  }
  return lines
}

function markOf(bytes: Buffer): number {
  return bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0
}

function textOf(bytes: Buffer): string {
  const hasReturn = bytes[bytes.length - 1] === carriageReturn
  return bytes.toString('utf8', 0, hasReturn ? bytes.length - 1 : bytes.length)
}

function lastOf<T>(values: readonly T[], count: number): T[] {
  return count === 0 ? [] : values.slice(-count)
}
