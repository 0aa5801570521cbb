// Work in the background for tenants of which there may be thousands: one round for all of them, in which each of a few has its turn, or a
// share of many, so that everybody's turn comes within so many rounds.

export interface Sharing {
  /** So many have their turn in every round, if there are so many. */
  readonly least: number
  /** Within so many rounds everybody had one. */
  readonly rounds: number
}

/** @returns whose turn it is, round by round; the first of all has one in each. */
export function sharesOf<T>(all: () => readonly T[], { least, rounds }: Sharing): () => readonly T[] {
  let from = 0
  return () => {
    const [first, ...others] = all()
    const count = Math.min(others.length, Math.max(least, Math.ceil(others.length / rounds)))
    from = from >= others.length ? 0 : from
    const share = [...others.slice(from), ...others.slice(0, from)].slice(0, count)
    from += count
    return first === undefined ? [] : [first, ...share]
  }
}
