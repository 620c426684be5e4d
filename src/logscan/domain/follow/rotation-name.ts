/** `app.log` is rotated to `app.log.1`, `app.log-20260131`, `app-2026-01-31.log`, `app.1.log`, and any of them with `.gz` or `.zst`. */
export function isRotationOf(name: string, original: string): boolean {
  const bare = name.replace(/\.(?:gz|zst)$/, '')
  if (bare === original) return name !== original
  if (bare.startsWith(original)) return isCounter(bare.slice(original.length))
  const dot = original.lastIndexOf('.')
  const [stem, extension] = dot > 0 ? [original.slice(0, dot), original.slice(dot)] : [original, '']
  if (!bare.startsWith(stem) || !bare.endsWith(extension) || bare.length <= original.length) return false
  return isCounter(bare.slice(stem.length, bare.length - extension.length))
}

/** A number, or a date with or without a time, behind a separator; `.old`, `.bak`. */
function isCounter(text: string): boolean {
  return /^[-._](?:\d[\d\-_.T:]*|old|bak|backup)$/i.test(text)
}
