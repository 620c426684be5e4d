const compressed = /\.(?:gz|zst)$/
/** A number, or a date with or without a time, behind a separator; `.old`, `.bak`. */
const counter = /^[-._]+(?:\d[\d\-_.T:Z]*|old|bak|backup)$/i
const separator = /[-._]/g

/** Whether a file is called as one that is compressed. */
export const hasPackedName = (name: string) => compressed.test(name)

/**
 * The names that a file may have had before it was rotated: `app.log` for `app.log.1`, `app.log-20260131`,
 * `app-2026-01-31.log`, `app.1.log`, and any of them with `.gz` or `.zst`.
 */
export function originalNames(name: string): readonly string[] {
  const bare = name.replace(compressed, '')
  const places = [...bare.matchAll(separator)].map(({ index }) => index)
  const ends = [...places.filter((place) => bare[place] === '.'), bare.length]
  const names = new Set<string>(bare === name ? [] : [bare])
  for (const from of places)
    for (const to of ends)
      if (from > 0 && from < to && counter.test(bare.slice(from, to))) names.add(bare.slice(0, from) + bare.slice(to))
  names.delete(name)
  return [...names]
}
