// AssemblyScript: compiled to WebAssembly, not run by Node. All addresses are in the memory that the host gives.

/** Asks the host for the entry that row `row` of the automaton has for a symbol; the host also puts it into the table. */
declare function transition(row: u32, symbolOffset: u32): u32

const newline: u8 = 10
/** Flags of an entry; the rest of it is the row that follows. */
const accepting: u32 = 1
const lineEnds: u32 = 2
const flags: u32 = 3
/** Row 0 accepts nothing, so that no true entry looks like this. */
const unknown: u32 = 1
const streams: u32 = 4

/** Byte -> offset in a row (u16). */
let offsets: usize = 0
/** Rows of entries (u32), each followed by the words of the patterns it accepts. */
let rows: usize = 0
let acceptsAt: usize = 0
let words: u32 = 0
/** For each stream the words of the patterns that its line has matched so far. */
let matched: usize = 0
/** One count a pattern (u32), where lines are only counted; 0 where they are recorded. */
let counters: usize = 0
/** Records of hit lines: start, end (addresses), newlines before it, and the words; an area for each stream. */
let records: usize = 0
let recordBytes: u32 = 0
let areaBytes: u32 = 0
/** Tables of the filter: 4 x 16 bytes for low nibbles, as much for high ones, then for each bucket where its texts begin and end. */
let filter: usize = 0

/** For each stream: records written, newlines seen, and the start of its line. */
let recorded: usize = 0
let newlines: usize = 0
let lineStarts: usize = 0
/** For each stream whether its line has matched anything. */
let hits: usize = 0
/** Of each line that waits to be read: where its newline is, and the newlines before it. */
let lineEndings: usize = 0
let linesBefore: usize = 0

let lineRow: u32 = 0
let bytesMatched: u32 = 0

export function setAutomaton(offsetsAt: usize, rowsAt: usize, acceptsOffset: usize, acceptWords: u32): void {
  offsets = offsetsAt
  rows = rowsAt
  acceptsAt = rowsAt + acceptsOffset
  words = acceptWords
  recordBytes = 12 + acceptWords * 4
}

export function setFilter(tables: usize): void {
  filter = tables
}

/** `state` has room for 24 words and the matched words of each stream. */
export function setOutput(state: usize, countersAt: usize, recordsAt: usize, bytesPerStream: u32): void {
  recorded = state
  newlines = state + 16
  lineStarts = state + 32
  hits = state + 48
  lineEndings = state + 64
  linesBefore = state + 80
  matched = state + 96
  counters = countersAt
  records = recordsAt
  areaBytes = bytesPerStream
}

/** Bytes that the automaton has read since the last call. */
export function takeBytesMatched(): u32 {
  const bytes = bytesMatched
  bytesMatched = 0
  return bytes
}

function clearCounts(): void {
  for (let stream: u32 = 0; stream < streams; stream++) {
    store<u32>(recorded + (stream << 2), 0)
    store<u32>(newlines + (stream << 2), 0)
  }
}

/** What an entry with flags, or an unknown one, leads to. */
function follow(stream: u32, row: u32, offset: u32, entry: u32): u32 {
  let next = entry
  if (next === unknown) next = transition(row, offset)
  if ((next & accepting) === 0) return next
  const accepts = acceptsAt + (next & ~flags)
  const into = matched + stream * (words << 2)
  for (let word: u32 = 0; word < words; word++) {
    const at = into + (word << 2)
    store<u32>(at, load<u32>(at) | load<u32>(accepts + (word << 2)))
  }
  store<u32>(hits + (stream << 2), 1)
  return next
}

/** Counts the line of a stream, or records it in an area, if it has matched; forgets what it matched. */
function endLine(stream: u32, area: u32, start: usize, end: usize, before: u32): void {
  if (load<u32>(hits + (stream << 2)) === 0) return
  store<u32>(hits + (stream << 2), 0)
  const from = matched + stream * (words << 2)
  if (counters !== 0) {
    for (let word: u32 = 0; word < words; word++) {
      let bits = load<u32>(from + (word << 2))
      while (bits !== 0) {
        const counter = counters + (((word << 5) + ctz(bits)) << 2)
        store<u32>(counter, load<u32>(counter) + 1)
        bits &= bits - 1
      }
    }
  } else {
    const count = load<u32>(recorded + (area << 2))
    const into = records + area * areaBytes + count * recordBytes
    store<u32>(into, start as u32)
    store<u32>(into, end as u32, 4)
    store<u32>(into, before, 8)
    memory.copy(into + 12, from, words << 2)
    store<u32>(recorded + (area << 2), count + 1)
  }
  memory.fill(from, 0, words << 2)
}

/** Reads on from `lineRow` up to a newline or `end`; gives where it stopped. */
function readLine(at: usize, end: usize): usize {
  let row = lineRow
  const from = at
  while (at < end) {
    const byte = load<u8>(at)
    const offset = load<u16>(offsets + ((byte as usize) << 1)) as u32
    let entry = load<u32>(rows + row + offset)
    if ((entry & flags) !== 0) {
      entry = follow(0, row, offset, entry) & ~flags
      if (byte === newline) {
        row = 0
        break
      }
    }
    row = entry
    at++
  }
  lineRow = row
  bytesMatched += (at - from) as u32
  return at
}

/** A line too long to be held: begins with it, in bounded pieces. */
export function beginLongLine(): void {
  lineRow = 0
  store<u32>(hits, 0)
  memory.fill(matched, 0, words << 2)
}

/** Goes on with the long line; gives where its newline is, or `end`. */
export function readLongLine(from: usize, end: usize): usize {
  return readLine(from, end)
}

/** Ends the long line; counts it or records it as one that starts and ends at 0. */
export function endLongLine(): void {
  clearCounts()
  endLine(0, 0, 0, 0, 0)
}

export function currentRow(): u32 {
  return lineRow
}

export function setCurrentRow(row: u32): void {
  lineRow = row
}

/** The first newline at or after `at`; there is one. */
function newlineAfter(at: usize): usize {
  const wanted = i8x16.splat(newline as i8)
  while (true) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at), wanted))
    if (found !== 0) return at + ctz(found)
    at += 16
  }
}

/** The start of the line that `at` is in, not before `floor`, which is the start of a line. */
function startOfLine(at: usize, floor: usize): usize {
  const wanted = i8x16.splat(newline as i8)
  while (at >= floor + 16) {
    const found = i8x16.bitmask(i8x16.eq(v128.load(at - 16), wanted))
    if (found !== 0) return at - 16 + (32 - clz(found))
    at -= 16
  }
  while (at > floor && load<u8>(at - 1) !== newline) at--
  return at
}

/** Newlines of a range, which is short. */
function countNewlines(from: usize, to: usize): u32 {
  const wanted = i8x16.splat(newline as i8)
  let count: u32 = 0
  while (from + 16 <= to) {
    count += popcnt(i8x16.bitmask(i8x16.eq(v128.load(from), wanted)))
    from += 16
  }
  const rest = i8x16.bitmask(i8x16.eq(v128.load(from), wanted)) & ((1 << ((to - from) as i32)) - 1)
  return count + popcnt(rest)
}

/** Reads every byte of whole lines with the automaton, in four streams to hide the latency of its table. */
export function scanAll(from: usize, to: usize): void {
  clearCounts()
  const quarter = (to - from) >> 2
  let at0 = from
  const end0 = to - from < 256 ? to : newlineAfter(from + quarter) + 1
  let at1 = end0
  const end1 = at1 + quarter >= to ? to : newlineAfter(at1 + quarter) + 1
  let at2 = end1
  const end2 = at2 + quarter >= to ? to : newlineAfter(at2 + quarter) + 1
  let at3 = end2
  store<u32>(lineStarts, at0 as u32)
  store<u32>(lineStarts, at1 as u32, 4)
  store<u32>(lineStarts, at2 as u32, 8)
  store<u32>(lineStarts, at3 as u32, 12)
  const shared = min(min(end0 - at0, end1 - at1), min(end2 - at2, to - at3))
  const stop = at0 + shared
  let row0: u32 = 0
  let row1: u32 = 0
  let row2: u32 = 0
  let row3: u32 = 0
  while (at0 < stop) {
    const offset0 = load<u16>(offsets + ((load<u8>(at0) as usize) << 1)) as u32
    const offset1 = load<u16>(offsets + ((load<u8>(at1) as usize) << 1)) as u32
    const offset2 = load<u16>(offsets + ((load<u8>(at2) as usize) << 1)) as u32
    const offset3 = load<u16>(offsets + ((load<u8>(at3) as usize) << 1)) as u32
    let entry0 = load<u32>(rows + row0 + offset0)
    let entry1 = load<u32>(rows + row1 + offset1)
    let entry2 = load<u32>(rows + row2 + offset2)
    let entry3 = load<u32>(rows + row3 + offset3)
    if (((entry0 | entry1 | entry2 | entry3) & flags) !== 0) {
      if ((entry0 & flags) !== 0) entry0 = step(0, at0, row0, offset0, entry0)
      if ((entry1 & flags) !== 0) entry1 = step(1, at1, row1, offset1, entry1)
      if ((entry2 & flags) !== 0) entry2 = step(2, at2, row2, offset2, entry2)
      if ((entry3 & flags) !== 0) entry3 = step(3, at3, row3, offset3, entry3)
    }
    row0 = entry0
    row1 = entry1
    row2 = entry2
    row3 = entry3
    at0++
    at1++
    at2++
    at3++
  }
  finish(0, at0, end0, row0)
  finish(1, at1, end1, row1)
  finish(2, at2, end2, row2)
  finish(3, at3, to, row3)
  bytesMatched += (to - from) as u32
}

/** An entry with flags, in the midst of a stream: gives the row that follows. */
function step(stream: u32, at: usize, row: u32, offset: u32, entry: u32): u32 {
  const next = follow(stream, row, offset, entry)
  if ((next & lineEnds) === 0) return next & ~flags
  const slot = stream << 2
  const before = load<u32>(newlines + slot)
  endLine(stream, stream, load<u32>(lineStarts + slot), at, before)
  store<u32>(newlines + slot, before + 1)
  store<u32>(lineStarts + slot, (at + 1) as u32)
  return 0
}

/** The rest of a stream, which the others have no more of. */
function finish(stream: u32, at: usize, end: usize, row: u32): void {
  while (at < end) {
    const offset = load<u16>(offsets + ((load<u8>(at) as usize) << 1)) as u32
    let entry = load<u32>(rows + row + offset)
    if ((entry & flags) !== 0) entry = step(stream, at, row, offset, entry)
    row = entry
    at++
  }
}

/** Newlines counted in the lanes of a vector. */
function sumOf(lanes: v128): u32 {
  const sums = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(lanes))
  return (i32x4.extract_lane(sums, 0) +
    i32x4.extract_lane(sums, 1) +
    i32x4.extract_lane(sums, 2) +
    i32x4.extract_lane(sums, 3)) as u32
}

/** Whether one of the texts of the buckets really stands around the window at `at`. */
function isThere(at: usize, buckets: u32): bool {
  const around = v128.load(at - 8)
  while (buckets !== 0) {
    const bounds = filter + 128 + (ctz(buckets) << 2)
    let text = filter + load<u32>(bounds)
    const end = filter + load<u32>(bounds, 4)
    while (text < end) {
      if (i8x16.all_true(i8x16.eq(v128.and(around, v128.load(text)), v128.load(text, 16)))) return true
      text += 32
    }
    buckets &= buckets - 1
  }
  return false
}

/**
 * Reads whole lines, but runs the automaton only on those in which the filter finds a text that some pattern needs.
 * Stops before the records of stream 0 are full; gives where it stopped.
 */
export function scanFiltered(from: usize, to: usize, recordsMax: u32): usize {
  clearCounts()
  // What lies behind the end must not look like a text, and is put back.
  const behind0 = v128.load(to)
  const behind1 = v128.load(to, 16)
  const behind2 = v128.load(to, 32)
  const behind3 = v128.load(to, 48)
  const behind4 = v128.load(to, 64)
  const zero = i8x16.splat(0)
  v128.store(to, zero)
  v128.store(to, zero, 16)
  v128.store(to, zero, 32)
  v128.store(to, zero, 48)
  v128.store(to, zero, 64)
  const reached = filterLines(from, to, recordsMax)
  v128.store(to, behind0)
  v128.store(to, behind1, 16)
  v128.store(to, behind2, 32)
  v128.store(to, behind3, 48)
  v128.store(to, behind4, 64)
  return reached
}

/** Reads a waiting line from some place on, to its end. */
function readOne(stream: u32, from: usize, row: u32): void {
  const end: usize = load<u32>(lineEndings + (stream << 2))
  let at = from
  while (at <= end) {
    const offset = load<u16>(offsets + ((load<u8>(at) as usize) << 1)) as u32
    let entry = load<u32>(rows + row + offset)
    if ((entry & flags) !== 0) entry = follow(stream, row, offset, entry) & ~flags
    row = entry
    at++
  }
  bytesMatched += (at - from) as u32
}

function endWaiting(stream: u32): void {
  const slot = stream << 2
  const start: usize = load<u32>(lineStarts + slot)
  const end: usize = load<u32>(lineEndings + slot)
  endLine(stream, 0, start, end, load<u32>(linesBefore + slot))
}

/** Reads four waiting lines at the same time, which hides the latency of the automaton's table. */
function readFour(): void {
  let at0: usize = load<u32>(lineStarts)
  let at1: usize = load<u32>(lineStarts, 4)
  let at2: usize = load<u32>(lineStarts, 8)
  let at3: usize = load<u32>(lineStarts, 12)
  const shared = min(
    min((load<u32>(lineEndings) as usize) - at0, (load<u32>(lineEndings, 4) as usize) - at1),
    min((load<u32>(lineEndings, 8) as usize) - at2, (load<u32>(lineEndings, 12) as usize) - at3),
  )
  const stop = at0 + shared
  let row0: u32 = 0
  let row1: u32 = 0
  let row2: u32 = 0
  let row3: u32 = 0
  while (at0 < stop) {
    const offset0 = load<u16>(offsets + ((load<u8>(at0) as usize) << 1)) as u32
    const offset1 = load<u16>(offsets + ((load<u8>(at1) as usize) << 1)) as u32
    const offset2 = load<u16>(offsets + ((load<u8>(at2) as usize) << 1)) as u32
    const offset3 = load<u16>(offsets + ((load<u8>(at3) as usize) << 1)) as u32
    let entry0 = load<u32>(rows + row0 + offset0)
    let entry1 = load<u32>(rows + row1 + offset1)
    let entry2 = load<u32>(rows + row2 + offset2)
    let entry3 = load<u32>(rows + row3 + offset3)
    if (((entry0 | entry1 | entry2 | entry3) & flags) !== 0) {
      if ((entry0 & flags) !== 0) entry0 = follow(0, row0, offset0, entry0) & ~flags
      if ((entry1 & flags) !== 0) entry1 = follow(1, row1, offset1, entry1) & ~flags
      if ((entry2 & flags) !== 0) entry2 = follow(2, row2, offset2, entry2) & ~flags
      if ((entry3 & flags) !== 0) entry3 = follow(3, row3, offset3, entry3) & ~flags
    }
    row0 = entry0
    row1 = entry1
    row2 = entry2
    row3 = entry3
    at0++
    at1++
    at2++
    at3++
  }
  bytesMatched += (shared * streams) as u32
  readOne(0, at0, row0)
  readOne(1, at1, row1)
  readOne(2, at2, row2)
  readOne(3, at3, row3)
  for (let stream: u32 = 0; stream < streams; stream++) endWaiting(stream)
}

function filterLines(from: usize, to: usize, recordsMax: u32): usize {
  const low0 = v128.load(filter)
  const low1 = v128.load(filter, 16)
  const low2 = v128.load(filter, 32)
  const low3 = v128.load(filter, 48)
  const high0 = v128.load(filter, 64)
  const high1 = v128.load(filter, 80)
  const high2 = v128.load(filter, 96)
  const high3 = v128.load(filter, 112)
  const nibble = i8x16.splat(15)
  const wanted = i8x16.splat(newline as i8)
  const zero = i8x16.splat(0)
  const all = i8x16.splat(-1)
  const passed = filter - 64

  /** The second place of a window lies before `to`, so its fourth, at which it is found, before this. */
  const last = to + 2
  let at = from
  /** Lines before it are dealt with. */
  let floor = from
  let lines: u32 = 0
  /** Lines that wait until there are enough of them to be read together. */
  let waiting: u32 = 0
  let before0 = all
  let before1 = all
  let before2 = all
  while (at < last && floor < to) {
    let count = zero
    let blocks = min<usize>(63, (last - at + 63) >> 6)
    let found0 = zero
    let found1 = zero
    let found2 = zero
    let found3 = zero
    let found: bool = false
    while (blocks !== 0) {
      let text = v128.load(at)
      let ends = i8x16.eq(text, wanted)
      let low = v128.and(text, nibble)
      let high = v128.and(i16x8.shr_u(text, 4), nibble)
      let place0 = v128.and(i8x16.swizzle(low0, low), i8x16.swizzle(high0, high))
      let place1 = v128.and(i8x16.swizzle(low1, low), i8x16.swizzle(high1, high))
      let place2 = v128.and(i8x16.swizzle(low2, low), i8x16.swizzle(high2, high))
      let place3 = v128.and(i8x16.swizzle(low3, low), i8x16.swizzle(high3, high))
      found0 = v128.and(
        v128.and(
          place3,
          i8x16.shuffle(before2, place2, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30),
        ),
        v128.and(
          i8x16.shuffle(before1, place1, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
          i8x16.shuffle(before0, place0, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28),
        ),
      )
      before0 = place0
      before1 = place1
      before2 = place2
      text = v128.load(at, 16)
      ends = i8x16.add(ends, i8x16.eq(text, wanted))
      low = v128.and(text, nibble)
      high = v128.and(i16x8.shr_u(text, 4), nibble)
      place0 = v128.and(i8x16.swizzle(low0, low), i8x16.swizzle(high0, high))
      place1 = v128.and(i8x16.swizzle(low1, low), i8x16.swizzle(high1, high))
      place2 = v128.and(i8x16.swizzle(low2, low), i8x16.swizzle(high2, high))
      place3 = v128.and(i8x16.swizzle(low3, low), i8x16.swizzle(high3, high))
      found1 = v128.and(
        v128.and(
          place3,
          i8x16.shuffle(before2, place2, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30),
        ),
        v128.and(
          i8x16.shuffle(before1, place1, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
          i8x16.shuffle(before0, place0, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28),
        ),
      )
      before0 = place0
      before1 = place1
      before2 = place2
      text = v128.load(at, 32)
      ends = i8x16.add(ends, i8x16.eq(text, wanted))
      low = v128.and(text, nibble)
      high = v128.and(i16x8.shr_u(text, 4), nibble)
      place0 = v128.and(i8x16.swizzle(low0, low), i8x16.swizzle(high0, high))
      place1 = v128.and(i8x16.swizzle(low1, low), i8x16.swizzle(high1, high))
      place2 = v128.and(i8x16.swizzle(low2, low), i8x16.swizzle(high2, high))
      place3 = v128.and(i8x16.swizzle(low3, low), i8x16.swizzle(high3, high))
      found2 = v128.and(
        v128.and(
          place3,
          i8x16.shuffle(before2, place2, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30),
        ),
        v128.and(
          i8x16.shuffle(before1, place1, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
          i8x16.shuffle(before0, place0, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28),
        ),
      )
      before0 = place0
      before1 = place1
      before2 = place2
      text = v128.load(at, 48)
      ends = i8x16.add(ends, i8x16.eq(text, wanted))
      low = v128.and(text, nibble)
      high = v128.and(i16x8.shr_u(text, 4), nibble)
      place0 = v128.and(i8x16.swizzle(low0, low), i8x16.swizzle(high0, high))
      place1 = v128.and(i8x16.swizzle(low1, low), i8x16.swizzle(high1, high))
      place2 = v128.and(i8x16.swizzle(low2, low), i8x16.swizzle(high2, high))
      place3 = v128.and(i8x16.swizzle(low3, low), i8x16.swizzle(high3, high))
      found3 = v128.and(
        v128.and(
          place3,
          i8x16.shuffle(before2, place2, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30),
        ),
        v128.and(
          i8x16.shuffle(before1, place1, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
          i8x16.shuffle(before0, place0, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28),
        ),
      )
      before0 = place0
      before1 = place1
      before2 = place2
      at += 64
      count = i8x16.sub(count, ends)
      if (v128.any_true(v128.or(v128.or(found0, found1), v128.or(found2, found3)))) {
        found = true
        break
      }
      blocks--
    }
    lines += sumOf(count)
    if (!found) continue
    const block = at - 64
    v128.store(passed, found0)
    v128.store(passed, found1, 16)
    v128.store(passed, found2, 32)
    v128.store(passed, found3, 48)
    let places =
      (i8x16.bitmask(i8x16.ne(found0, zero)) as u64) |
      ((i8x16.bitmask(i8x16.ne(found1, zero)) as u64) << 16) |
      ((i8x16.bitmask(i8x16.ne(found2, zero)) as u64) << 32) |
      ((i8x16.bitmask(i8x16.ne(found3, zero)) as u64) << 48)
    let jumped: bool = false
    while (places !== 0) {
      const place = ctz(places) as usize
      places &= places - 1
      const window = block + place - 3
      if (window + 1 < floor || window + 1 >= to || !isThere(window, load<u8>(passed + place))) continue
      const start = startOfLine(window + 1, floor)
      const end = newlineAfter(window + 1)
      lines -= countNewlines(start, at)
      store<u32>(lineStarts + (waiting << 2), start as u32)
      store<u32>(lineEndings + (waiting << 2), end as u32)
      store<u32>(linesBefore + (waiting << 2), lines)
      if (++waiting === streams) {
        readFour()
        waiting = 0
      }
      lines++
      at = end + 1
      floor = at
      before0 = all
      before1 = all
      before2 = all
      jumped = true
      break
    }
    if (jumped && load<u32>(recorded) + streams >= recordsMax) break
  }
  for (let stream: u32 = 0; stream < waiting; stream++) {
    readOne(stream, load<u32>(lineStarts + (stream << 2)), 0)
    endWaiting(stream)
  }
  store<u32>(newlines, lines)
  return min(at, to)
}
