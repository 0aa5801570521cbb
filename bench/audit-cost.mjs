// What does the record cost a sign-in? This build beside a copy of it that writes no event, in turns, in one run. The copy is made here and
// nowhere else: a Postkey without its record cannot be had.
//   npm run bench:audit-cost                              a sign-in by code on SQLite
//   npm run bench:audit-cost -- --engine postgres --rounds 4     what bench/compare.mjs takes
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))
const without = here('results/without-events')
rmSync(without, { recursive: true, force: true })
cpSync(here('../dist'), without, { recursive: true })
const writer = `${without}/store/event.js`
if (!existsSync(writer)) throw new Error(`${writer} is not there: events are written elsewhere by now, and this script must follow`)
writeFileSync(writer, 'export function* writeEvent() {}\n')
const run = spawnSync(process.execPath, [here('compare.mjs'), without, here('../dist'), ...process.argv.slice(2)], { stdio: 'inherit' })
rmSync(without, { recursive: true, force: true })
process.exit(run.status ?? 1)
