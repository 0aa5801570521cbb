// Which operations of one transaction may run side by side, and which have to take turns. Pure.
import type { Locks } from './operation.ts'

/** Operations that want the same key run one after the other; all else side by side. */
export function waves(locks: readonly Locks[]): number[][] {
  const waves: number[][] = []
  const next = new Map<string, number>()
  for (const [index, { tenant, keys, turn }] of locks.entries()) {
    const names = [...keys, ...(turn === undefined ? [] : [`turn:${turn}`])].map((key) => `${tenant}/${key}`)
    const wave = Math.max(0, ...names.map((name) => next.get(name) ?? 0))
    for (const name of names) next.set(name, wave + 1)
    waves[wave] ??= []
    ;(waves[wave] as number[]).push(index)
  }
  return waves
}
