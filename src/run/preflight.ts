// `postkey preflight URL`: tries a running deployment as a hostile inbox, a careless person and another site would, from outside, and says what
// did not hold, by what it saw, and what to do.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseUrl } from '../core/url.ts'
import type { Area, Result } from '../preflight/case.ts'
import { devInboxAt, hasDevInbox } from '../preflight/dev-inbox.ts'
import type { Mailbox } from '../preflight/mailbox.ts'
import { cases, type Trying, tryAll } from '../preflight/run.ts'
import { postkeyAt, type System } from '../preflight/system.ts'
import type { ExitCode, Request, Terminal } from './command.ts'
import { chromiumOf } from './preflight-chromium.ts'
import { openMailbox } from './preflight-mailbox.ts'
import { startProgress } from './progress.ts'

export async function preflight(request: Request): Promise<ExitCode> {
  const { terminal, json, words, flags } = request
  const refuse = (what: string): ExitCode => {
    if (json) terminal.out(JSON.stringify({ ok: false, error: what }))
    terminal.err(`postkey preflight: ${what}`)
    return 2
  }
  const url = readAddress(words[0])
  if (url === null) return refuse('say which deployment, like: postkey preflight http://localhost:3000')
  const only = flags['only'] === undefined ? undefined : new Set(flags['only'].split(',').map((id) => id.trim().toUpperCase()))
  const unknown = [...(only ?? [])].find((id) => !cases.some((one) => one.id === id))
  if (unknown !== undefined) return refuse(`there is no case ${unknown} — the cases are ${cases.map(({ id }) => id).join(', ')}`)
  const answers = await fetch(url, { redirect: 'manual' }).catch((error: Error) => error)
  if (answers instanceof Error) return refuse(`${url} does not answer (${causeOf(answers)}) — is it running, and reachable from here?`)

  if (flags['addresses'] !== undefined && flags['mailbox'] === undefined)
    return refuse('--addresses says what ends in a --mailbox, and none is given')
  const prepared = await prepare(url, request).catch((error: Error) => error.message)
  if (typeof prepared === 'string') return refuse(prepared)
  const { system, mailbox } = prepared
  const chosen = cases.filter(({ id }) => only === undefined || only.has(id))
  const progress = await startProgress(request, { title: `Trying ${url}`, end: 'Tried', of: chosen.length })
  let results: readonly Result[] = []
  try {
    results = await tryAll({ ...prepared, onStep: progress.say, only })
  } finally {
    progress.stop()
    await mailbox?.close()
  }
  const failed = results.filter(({ outcome }) => outcome === 'fail').length
  if (flags['junit'] !== undefined) writeFileSync(resolve(terminal.folder, flags['junit']), junit(url, results))
  terminal.out(
    json
      ? JSON.stringify({ ok: failed === 0, system: system.name, url, results: results.map(asJson) }, null, 2)
      : report(url, results, terminal),
  )
  return failed === 0 ? 0 : 1
}

/** @throws Error in words for a terminal. */
async function prepare(url: string, request: Request): Promise<Pick<Trying, 'system' | 'mailbox' | 'launch'>> {
  const launch = chromiumOf(request)
  return { launch, ...(await adaptedTo(url, request)) }
}

interface Adapted {
  readonly system: System
  readonly mailbox: Mailbox | null
}

/** Postkey's own, or what a file says of another system. @throws Error in words for a terminal. */
async function adaptedTo(url: string, request: Request): Promise<Adapted> {
  const { adapter, mailbox } = request.flags
  const { system, mailbox: own } =
    adapter === undefined ? { system: postkeyAt(url), mailbox: null } : await readAdapter(resolve(request.terminal.folder, adapter), url)
  if (mailbox !== undefined) return { system, mailbox: await openMailbox(mailbox, request) }
  if (adapter !== undefined) return { system, mailbox: own ?? null }
  return { system, mailbox: (await hasDevInbox(url)) ? devInboxAt(url) : null }
}

async function readAdapter(file: string, url: string): Promise<Pick<Adapted, 'system'> & { readonly mailbox?: Mailbox | null }> {
  let adapter: { default?: unknown }
  try {
    adapter = (await import(pathToFileURL(file).href)) as { default?: unknown }
  } catch (error) {
    throw new Error(`the adapter ${file} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (typeof adapter.default !== 'function')
    throw new Error(`the adapter ${file} has no function as its default export — docs/preflight.md shows one`)
  const { system, ...more } = (await (adapter.default as (url: string) => unknown)(url)) as Partial<Adapted>
  if (system === undefined) throw new Error(`the adapter ${file} gives no system — docs/preflight.md shows one`)
  return { system, ...more }
}

function readAddress(given: string | undefined): string | null {
  const url = parseUrl(given ?? '')
  if (url === null) return null
  const { protocol, origin, pathname } = url
  return /^https?:$/.test(protocol) ? `${origin}${pathname.replace(/\/+$/, '')}` : null
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}

function asJson({ case: { id, area, title, remedy }, outcome, evidence, ms }: Result): object {
  return { id, area, title, outcome, evidence, ...(outcome === 'fail' ? { remedy } : {}), ms }
}

function report(url: string, results: readonly Result[], { env, interactive }: Terminal): string {
  const colour = (code: number, text: string): string => (interactive && !env['NO_COLOR'] ? `\u001b[${code}m${text}\u001b[39m` : text)
  const words = { pass: colour(32, 'pass'), fail: colour(31, 'fail'), 'not tried': colour(33, '-   ') }
  const areas = [...new Set(results.map((result) => result.case.area))]
  const width = Math.max(...results.map((result) => result.case.id.length))
  const linesOf = ({ case: { id, title, remedy }, outcome, evidence }: Result): string[] => [
    `  ${words[outcome]}  ${id.padEnd(width)}  ${title}`,
    ...(outcome === 'pass' ? [] : [`        ${' '.repeat(width)}${evidence}`]),
    ...(outcome === 'fail' ? [`        ${' '.repeat(width)}→ ${remedy}`] : []),
  ]
  const count = (outcome: Result['outcome']): number => results.filter((result) => result.outcome === outcome).length
  return [
    `Tried: ${url}`,
    ...areas.flatMap((area: Area) => ['', heading(area), ...results.filter((result) => result.case.area === area).flatMap(linesOf)]),
    '',
    `${count('pass')} passed, ${count('fail')} failed, ${count('not tried')} not tried`,
  ].join('\n')
}

const heading = (area: Area): string => area.charAt(0).toUpperCase() + area.slice(1)

/** As CI servers read it. */
function junit(url: string, results: readonly Result[]): string {
  const text = (raw: string): string => raw.replace(/[<>&"']/g, (one) => `&#${one.charCodeAt(0)};`)
  const rows = results.map(({ case: { id, area, title, remedy }, outcome, evidence, ms }) => {
    const inside =
      outcome === 'pass'
        ? ''
        : outcome === 'fail'
          ? `<failure message="${text(evidence)}">${text(remedy)}</failure>`
          : `<skipped message="${text(evidence)}"/>`
    return `  <testcase classname="preflight.${text(area)}" name="${text(`${id} ${title}`)}" time="${(ms / 1_000).toFixed(3)}">${inside}</testcase>`
  })
  const count = (outcome: Result['outcome']): number => results.filter((result) => result.outcome === outcome).length
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="postkey preflight ${text(url)}" tests="${results.length}" failures="${count('fail')}" skipped="${count('not tried')}">\n${rows.join('\n')}\n</testsuite>\n`
}
