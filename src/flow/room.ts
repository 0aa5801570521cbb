// Who may be told next where there is not room for all: by tenant, since one with a hundred slow endpoints must not keep the others waiting.

export interface Queue {
  readonly tenant: string
  readonly endpoint: string
}

export interface Room {
  /** On their way to one endpoint at most. */
  readonly each: number
  /** On their way to all. */
  readonly all: number
  /** So many endpoints are asked for in one go. */
  readonly endpoints: number
}

/**
 * Tenants in turn, a message each, those with the fewest on their way first. None gets more than what is then left for all others: so there is
 * room for whoever comes next, however many messages hang.
 *
 * @param due those that have waited longest first.
 * @param runningTo how many are on their way.
 * @returns how many more may go to which; those that none may are left out.
 */
export function shareOut<Q extends Queue>(
  due: readonly Q[],
  runningTo: { readonly endpoint: (queue: Q) => number; readonly tenant: (tenant: string) => number; readonly all: number },
  room: Room,
): readonly (Q & { readonly most: number })[] {
  const given = new Map<Q, number>()
  const tenants = new Map<string, { running: number; readonly queues: Q[] }>()
  for (const queue of due) {
    const one = tenants.get(queue.tenant) ?? { running: runningTo.tenant(queue.tenant), queues: [] }
    tenants.set(queue.tenant, one)
    one.queues.push(queue)
  }
  const order = [...tenants.values()].toSorted((one, other) => one.running - other.running)
  let left = room.all - runningTo.all
  const give = (one: { running: number; readonly queues: Q[] }): boolean => {
    for (let looked = one.queues.length; looked > 0 && one.running < left; looked--) {
      const queue = one.queues.shift() as Q
      const has = given.get(queue) ?? 0
      if (runningTo.endpoint(queue) + has >= room.each || (has === 0 && given.size >= room.endpoints)) continue
      // Its next turn is behind those of the tenant's others.
      one.queues.push(queue)
      given.set(queue, has + 1)
      one.running++
      left--
      return true
    }
    return false
  }
  for (let some = true; some; ) {
    some = false
    for (const one of order) some = give(one) || some
  }
  return [...given].map(([queue, most]) => ({ ...queue, most }))
}
