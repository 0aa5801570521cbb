// The mail server of a benchmark: the one that the tests use (test/smtp-child.ts), at the lowest priority, since on a real network it has a
// machine of its own.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { answerRunner } from './control.mjs'

const { mode } = JSON.parse(process.env.BENCH_OPTIONS)
const behaviours = {
  accept: { mode: 'accept' },
  /** Greets at once, where the package of the other waits for 100 ms. */
  prompt: { mode: 'script', replies: { EHLO: '250-test\r\n250-PIPELINING\r\n250 8BITMIME\r\n' } },
  down: { mode: 'down' },
}
const bundle = fileURLToPath(new URL('results/smtp-for-tests.mjs', import.meta.url))
mkdirSync(new URL('results/', import.meta.url), { recursive: true })
await build({
  entryPoints: [fileURLToPath(new URL('../test/smtp-child.ts', import.meta.url))],
  outfile: bundle,
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
})
const child = fork(bundle, { stdio: 'inherit', detached: true })
setPriority(child.pid, 19)
// Where Linux shares a core between sessions first, a low priority counts only within one's own.
const session = `/proc/${child.pid}/autogroup`
if (existsSync(session)) writeFileSync(session, '19')
child.send({ id: 1, ask: 'start', behaviour: behaviours[mode], port: 0 })
const [{ port, error }] = await once(child, 'message')
if (error !== undefined) throw new Error(error)
const stop = async () => {
  const gone = once(child, 'exit')
  child.disconnect()
  await gone
}
answerRunner({ port, stop })
