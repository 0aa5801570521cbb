// What the README says of how large an installation is.
import { readFileSync } from 'node:fs'

const SAID = /These (\d+) bring (\d+) of their own: \*\*(\d+) packages\*\*, and with Postkey \*\*([\d.]+) MB\*\* on disk/

function said(): readonly number[] {
  const found = SAID.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8'))
  if (found === null) throw new Error('the README does not say how large an installation is')
  return found.slice(1).map(Number)
}

/** Packages: those that Postkey names, those that they bring, and both. */
export function packageCount(): { readonly own: number; readonly theirs: number; readonly all: number } {
  const [own = 0, theirs = 0, all = 0] = said()
  return { own, theirs, all }
}

/** Of node_modules with Postkey in it: the sum of its files. */
export function installedBytes(): number {
  return (said()[3] ?? 0) * 1_000_000
}
