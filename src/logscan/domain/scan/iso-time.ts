const dayMs = 86_400_000
let day = Number.NaN
let dayText = ''

/** An instant (ms since the epoch) as ISO 8601 in UTC: as `toISOString` gives it, of which the day is remembered. */
export function isoTime(time: number): string {
  const days = Math.floor(time / dayMs)
  if (days !== day) {
    day = days
    dayText = new Date(days * dayMs).toISOString().slice(0, -'00:00:00.000Z'.length)
  }
  const ms = Math.floor(time - days * dayMs)
  const seconds = Math.floor(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  return `${dayText}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}.${three(ms % 1000)}Z`
}

function two(number: number): string {
  return number < 10 ? `0${number}` : `${number}`
}

function three(number: number): string {
  return number < 100 ? `0${two(number)}` : `${number}`
}
