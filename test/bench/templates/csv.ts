/** The records of a CSV text with a header line, as RFC 4180 has it: quoted fields hold commas, line ends and `""`. */
export function parseCsv(text: string): Record<string, string>[] {
  const [header = [], ...rows] = fieldsOf(text.replace(/^\uFEFF/, ''))
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ''])))
}

function fieldsOf(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  // Each match is one field, plain or quoted, and what ends it.
  for (const [all, quoted, plain, ending] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (all === '' && row.length === 0) break
    row.push(quoted === undefined ? (plain as string) : quoted.replaceAll('""', '"'))
    if (ending === ',') continue
    rows.push(row)
    row = []
  }
  return rows
}
