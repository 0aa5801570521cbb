// Which of the operations that wait share the next transaction.
import type { Write } from './operation.ts'

export interface Waiting {
  readonly write: Pick<Write<unknown>, 'alone'>
}

/** Takes them off the queue, in its order: as many as fit, up to one that wants a transaction for itself; or that one. */
export function takeBatch<W extends Waiting>(queue: W[], max: number): W[] {
  if (queue[0]?.write.alone) return queue.splice(0, 1)
  const stop = queue.findIndex(({ write }, index) => index >= max || write.alone)
  return queue.splice(0, stop < 0 ? max : stop)
}
