interface Accuracy {
  /** Grouping accuracy: the part of the lines whose group holds exactly the lines of its true event. */
  readonly ga: number
  /** F1 of the groups that are exactly a true event's. */
  readonly fga: number
  readonly groups: number
  readonly events: number
}

/** Compares the groups of lines with the true ones; both by line. */
export function accuracyOf(groups: readonly number[], events: readonly string[]): Accuracy {
  const linesByGroup = linesBy(groups)
  const linesByEvent = linesBy(events)
  let rightGroups = 0
  let rightLines = 0
  for (const lines of linesByGroup.values()) {
    const event = events[lines[0] as number] as string
    if (lines.length !== linesByEvent.get(event)?.length || !lines.every((line) => events[line] === event)) continue
    rightGroups++
    rightLines += lines.length
  }
  const precision = rightGroups / linesByGroup.size
  const recall = rightGroups / linesByEvent.size
  return {
    ga: rightLines / groups.length,
    fga: rightGroups === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    groups: linesByGroup.size,
    events: linesByEvent.size,
  }
}

/** The line numbers of each value. */
export function linesBy<T>(values: readonly T[]): Map<T, number[]> {
  const lines = new Map<T, number[]>()
  values.forEach((value, line) => {
    const known = lines.get(value)
    if (known === undefined) lines.set(value, [line])
    else known.push(line)
  })
  return lines
}
