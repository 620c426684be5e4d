/** Called once a round for each side; returns that side's figures. */
export type Side<Figures> = () => Promise<Figures>

/**
 * Runs all sides once a round, each round beginning with another one, so that none is always first. The figures of a
 * side stand in the order of the rounds.
 */
export async function inRounds<Name extends string, Figures>(
  rounds: number,
  sides: Readonly<Record<Name, Side<Figures>>>,
): Promise<Record<Name, Figures[]>> {
  const names = Object.keys(sides) as Name[]
  const figures = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Figures[]>
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length
    for (const name of [...names.slice(first), ...names.slice(0, first)]) figures[name].push(await sides[name]())
  }
  return figures
}
