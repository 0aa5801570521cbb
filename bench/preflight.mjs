// Postkey, Better Auth and Auth.js before the same cases of `postkey preflight`, in one run: what each holds, and what it does not.
//   npm run bench:preflight                 prints the table
//   npm run bench:preflight -- --why        and what was seen where a case failed
//   npm run bench:preflight -- --write      also writes docs/preflight-peers.md
//   npm run bench:preflight -- --chromium F the real browser, where Playwright finds none
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { installPeers } from './install-peers.mjs'

const { values } = parseArgs({
  options: { why: { type: 'boolean', default: false }, write: { type: 'boolean', default: false }, chromium: { type: 'string' } },
})
const versions = installPeers(console.error)
const { adapters } = await import('./peers/preflight-adapters.mjs')
const { startPeer } = await import('./peers/preflight-server.mjs')
const { cases, tryAll } = await import('../dist/preflight/run.js')
const { devInboxAt } = await import('../dist/preflight/dev-inbox.js')
const { postkeyAt } = await import('../dist/preflight/system.js')
const { chromiumOf } = await import('../dist/run/preflight-chromium.js')

const columns = []
for (const [name, adapter] of [['postkey', (url) => ({ system: postkeyAt(url), mailbox: devInboxAt(url) })], ...Object.entries(adapters)]) {
  const running = name === 'postkey' ? await startPostkey() : await startPeer(name)
  const { system, mailbox } = adapter(running.url)
  const results = await tryAll({
    system,
    mailbox,
    launch: chromiumOf({ terminal: { folder: '.' }, flags: values.chromium === undefined ? {} : { chromium: values.chromium } }),
    onStep: (done, text) => process.stderr.write(`\r${system.name} ${done}/${cases.length} ${text}`.slice(0, 110).padEnd(110)),
  })
  process.stderr.write('\n')
  columns.push({ name: system.name, results })
  await running.close()
}

const WORDS = { pass: 'holds', fail: '**no**', 'not tried': '–' }
const rows = cases.map(
  (one, at) => `| ${one.id} | ${one.title} | ${columns.map(({ results }) => WORDS[results[at].outcome]).join(' | ')} |`,
)
const sum = (outcome) => columns.map(({ results }) => results.filter((result) => result.outcome === outcome).length).join(' | ')
const table = [
  `| case | what must be true | ${columns.map(({ name }) => name).join(' | ')} |`,
  `| --- | --- | ${columns.map(() => '---').join(' | ')} |`,
  ...rows,
  `| | **holds** | ${sum('pass')} |`,
  `| | **does not** | ${sum('fail')} |`,
  `| | cannot be tried | ${sum('not tried')} |`,
].join('\n')
console.log(table)
if (values.why)
  for (const { name, results } of columns)
    for (const { case: one, outcome, evidence } of results) if (outcome === 'fail') console.log(`${name}  ${one.id}  ${evidence}`)
if (values.write) {
  const page = fileURLToPath(new URL('../docs/preflight-peers.md', import.meta.url))
  writeFileSync(page, `${introduction()}\n\n${table}\n`)
}
process.exit(0)

function introduction() {
  return `# Others before the same cases

Written by \`npm run bench:preflight -- --write\` on ${new Date().toISOString().slice(0, 10)}: the cases of [preflight](preflight.md) against \`postkey dev\`, Better Auth ${versions['better-auth']} (its plugins for links and for codes, each by itself) and
Auth.js (@auth/core ${versions['@auth/core']}), each as its documents say to run it, in one run. Limits are off, since all cases come from one network. Better Auth has no pages of its own, so that what is said of
pages cannot be tried there; what has no link or no code cannot be tried by it. All of them run on plain http of one machine and hand mails to memory: TLS and the sender
cannot be tried, and EN-02 holds no mail server's time against anybody. "No" says that the case, which is Postkey's idea of what must be true, does not hold as installed; some of it an application can add.`
}

async function startPostkey() {
  const folder = mkdtempSync(join(tmpdir(), 'postkey-preflight-'))
  writeFileSync(
    join(folder, 'policy.json'),
    JSON.stringify({
      starts: Object.fromEntries(['network', 'networkWide', 'browser', 'tenant'].map((name) => [name, { count: 100_000, per: '1m' }])),
    }),
  )
  const port = 3_000 + (process.pid % 20_000)
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../dist/cli.js', import.meta.url)), 'dev', '--port', String(port), '--policy', './policy.json'],
    {
      cwd: folder,
      stdio: 'ignore',
    },
  )
  const url = `http://localhost:${port}`
  for (let tries = 0; tries < 200; tries++) {
    if (
      await fetch(`${url}/livez`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    url,
    close: async () => {
      child.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
