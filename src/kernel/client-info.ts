/** What is known of the machine that asks. */
export interface ClientInfo {
  /** Network address, for limits and session lists. */
  readonly address: string
  readonly userAgent: string | null
}

const groupsCount = 8
const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/

/**
 * What limits per client count by: an IPv4 address, however it is written, or the /64 of an IPv6 address, which is what
 * one subscriber has at least. Anything else is its own network.
 */
export function clientNetwork(address: string): string {
  const host = withoutPort(address.trim().toLowerCase())
  const groups = host.includes(':') ? readGroups(host) : null
  if (groups === null) return host
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  if (isMapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.')
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

/** Some proxies write `192.0.2.1:5000` and `[2001:db8::1]:5000`. */
export function withoutPort(host: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(host)?.[1] ?? /^([\d.]+):\d+$/.exec(host)?.[1] ?? host
}

/** The eight groups of an IPv6 address; null for what is none. */
function readGroups(text: string): number[] | null {
  const [host = ''] = text.split('%')
  const halves = host.split('::')
  const [head, tail] = halves.map(readHalf)
  if (halves.length > 2 || head === null || tail === null || head === undefined) return null
  if (tail === undefined) return head.length === groupsCount ? head : null
  const zeros = groupsCount - head.length - tail.length
  return zeros < 1 ? null : [...head, ...Array<number>(zeros).fill(0), ...tail]
}

function readHalf(half: string): number[] | null {
  if (half === '') return []
  const groups = half.split(':').flatMap((part, i, { length }) => readPart(part, i === length - 1))
  return groups.includes(Number.NaN) ? null : groups
}

/** One group, or two from the dotted end of an address. NaN where it is neither. */
function readPart(part: string, isLast: boolean): number[] {
  const bytes = isLast ? dotted.exec(part)?.slice(1).map(Number) : undefined
  if (bytes === undefined) return [/^[\da-f]{1,4}$/.test(part) ? Number.parseInt(part, 16) : Number.NaN]
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  return bytes.every((byte) => byte < 256) ? [a * 256 + b, c * 256 + d] : [Number.NaN]
}
