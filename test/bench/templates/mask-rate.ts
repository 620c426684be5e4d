import { maskMessage } from '../../../src/logscan/domain/template/mask.ts'

/** What most would write: one regular expression after the other. */
const chain: readonly RegExp[] = [
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
  /\b[a-z][a-z0-9+.]*:\/\/[^\s"'>)]+/gi,
  /[\w.+-]+@[\w-]+\.[\w.-]+/g,
  /\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?Z?\b/g,
  /\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi,
  /\/?\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g,
  /\b(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}\b/gi,
  /(?<![\w.])(?:~|\.{0,2})\/[\w./-]+/g,
  /[A-Z]:\\[^\s,"']+/g,
  /\b0x[0-9a-f]+\b/gi,
  /"[^"\s]*"|'[^'\s]*'/g,
  /\b\d{1,2}:\d{2}(?::\d{2})?\b/g,
  /\b[\w-]*\d[\w-]*\b/g,
  /<\*>(?:[ ,:./-]+<\*>)+/g,
]

const byChain = (message: string) => chain.reduce((text, pattern) => text.replace(pattern, '<*>'), message)

const roundCpuMs = 400
const rounds = 5

/** Messages a second of one core, ours and the chain's: the median of rounds in turn, by CPU time. */
export function maskRates(messages: readonly string[]): { ours: number; chain: number } {
  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round < rounds; round++) {
    ours.push(rateOf(maskMessage, messages))
    theirs.push(rateOf(byChain, messages))
  }
  return { ours: median(ours), chain: median(theirs) }
}

function rateOf(mask: (message: string) => string, messages: readonly string[]): number {
  const start = process.cpuUsage()
  let done = 0
  let spentMs = 0
  for (let chars = 0; spentMs < roundCpuMs && chars >= 0; done += messages.length) {
    for (const message of messages) chars += mask(message).length
    const { user, system } = process.cpuUsage(start)
    spentMs = (user + system) / 1000
  }
  return Math.round((done / spentMs) * 1000)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}
