// `postkey webhooks …`: endpoints, and what was sent to them. A server that runs hears of a change within ten seconds.
import { type DispatchType, dispatchTypes } from '../core/dispatch.ts'
import type { Ms } from '../core/model.ts'
import { span } from '../core/span.ts'
import {
  addEndpoint,
  changeEndpoint,
  dispatchOf,
  dropOldSecret,
  type EndpointContext,
  findEndpoint,
  messageIdOf,
  removeEndpoint,
  replay,
  rotateSecret,
  testEndpoint,
} from '../flow/endpoints.ts'
import { keyring } from '../secret.ts'
import type { Endpoint, SeenDispatch } from '../store/webhook-store.ts'
import { appVersion, policyVersion, schemaVersion, templateVersion } from '../versions.ts'
import { poster } from '../webhook/post.ts'
import { readTarget } from '../webhook/target.ts'
import type { ExitCode, Request } from './command.ts'
import type { Config } from './config.ts'
import { sinceOf, tenantOf } from './record.ts'
import { tableOf } from './table.ts'
import { withWriting } from './writing.ts'

const COMMAND = 'webhooks'

interface Scene {
  readonly request: Request
  readonly context: EndpointContext
  readonly config: Config
  /** Behind the action. */
  readonly word: string
}

interface Action {
  /** What has to stand behind its name; null: nothing may. */
  readonly word: string | null
  readonly flags?: readonly string[]
  readonly switches?: readonly string[]
  readonly run: (scene: Scene) => Promise<ExitCode>
}

const actions: Readonly<Record<string, Action>> = {
  list: { word: null, run: list },
  show: { word: 'ENDPOINT or MESSAGE', run: show },
  add: { word: 'URL', flags: ['types'], run: add },
  remove: { word: 'ENDPOINT', run: (scene) => change(scene, 'removed') },
  enable: { word: 'ENDPOINT', run: (scene) => change(scene, 'enabled') },
  disable: { word: 'ENDPOINT', run: (scene) => change(scene, 'disabled') },
  rotate: { word: 'ENDPOINT', switches: ['drop-old'], run: rotate },
  test: { word: 'ENDPOINT', run: test },
  replay: { word: 'MESSAGE or ENDPOINT', flags: ['since'], run: replayed },
}

export async function webhooks(request: Request): Promise<ExitCode> {
  const { words, flags, switches } = request
  const [name = '', word, ...rest] = words
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (action === undefined) return misunderstood(request, name === '' ? 'what?' : `"${name}" is not known`)
  if (action.word !== null && word === undefined) return misunderstood(request, `${name} needs ${action.word} behind it`)
  const [extra] = action.word === null ? words.slice(1) : rest
  if (extra !== undefined) return misunderstood(request, `"${extra}" is not expected after ${name}`)
  for (const flag of ['types', 'since'])
    if (flags[flag] !== undefined && !action.flags?.includes(flag)) return misunderstood(request, `${name} takes no --${flag}`)
  if (switches.has('drop-old') && !action.switches?.includes('drop-old')) return misunderstood(request, `${name} takes no --drop-old`)
  return await withWriting(request, `${COMMAND} ${name}`, 'webhooks', async (store, config) => {
    const { policy, secrets } = config
    const versions = { app: appVersion, schema: schemaVersion, policy: policyVersion(policy), template: templateVersion }
    const tenant = tenantOf(request)
    const context = { store, tenant, keys: keyring(secrets), policy, versions, now: Date.now }
    // What it decides is written down under the policy of the settings, which has to be known.
    await store.keepPolicy(tenant, versions.policy, policy)
    return await action.run({ request, context, config, word: word ?? '' })
  })
}

function misunderstood({ terminal }: Request, what: string): ExitCode {
  terminal.err(`postkey webhooks: ${what} — ${Object.keys(actions).join(', ')}`)
  terminal.err('See: postkey webhooks --help')
  return 2
}

function refuse({ terminal, json }: Request, what: string, code: ExitCode = 1): ExitCode {
  if (json) terminal.out(JSON.stringify({ ok: false, error: what }))
  terminal.err(`postkey webhooks: ${what}`)
  return code
}

function tell({ terminal, json }: Request, object: object, text: string): ExitCode {
  terminal.out(json ? JSON.stringify({ ok: true, ...object }) : text)
  return 0
}

const iso = (at: Ms | null): string | null => (at === null ? null : new Date(at).toISOString())
const date = (at: Ms): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')

function publicly({ secrets: _, createdAt, failingSince, ...endpoint }: Endpoint): object {
  return { ...endpoint, createdAt: iso(createdAt), failingSince: iso(failingSince) }
}

async function list({ request, context }: Scene): Promise<ExitCode> {
  const endpoints = await context.store.listEndpoints(context.tenant)
  if (endpoints.length === 0)
    return tell(request, { endpoints: [] }, 'No endpoint. Add one: postkey webhooks add https://app.example.com/hooks/postkey')
  const rows = endpoints.map(({ id, url, types, state, failingSince }) => [
    id,
    state,
    failingSince === null ? '' : `for ${span(Date.now() - failingSince)}`,
    types.length === 0 ? 'all' : types.join(','),
    url,
  ])
  return tell(request, { endpoints: endpoints.map(publicly) }, leftTable([['endpoint', 'state', 'failing', 'types', 'url'], ...rows]))
}

/** All columns to the left. */
function leftTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map(
      (row) =>
        `  ${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}`,
    )
    .join('\n')
}

async function add({ request, context, config, word }: Scene): Promise<ExitCode> {
  const target = readTarget(word, !config.url.startsWith('https:'))
  if (!target.ok) return refuse(request, `the URL ${target.what} — ${target.remedy}`, 2)
  const types = (request.flags['types'] ?? '')
    .split(',')
    .map((type) => type.trim())
    .filter((type) => type !== '')
  const foreign = types.find((type) => !(dispatchTypes as readonly string[]).includes(type))
  if (foreign !== undefined) return refuse(request, `--types ${foreign} is not known — write some of ${dispatchTypes.join(', ')}`, 2)
  const { id, secret } = await addEndpoint(context, { url: target.url, types: types as DispatchType[] })
  const text = [
    `Endpoint ${id} is added. Its secret, which is shown only now:`,
    '',
    `  ${secret}`,
    '',
    `Servers that run send to it within ten seconds. Try it: postkey webhooks test ${id}`,
  ]
  return tell(request, { endpoint: id, url: target.url, types, secret }, text.join('\n'))
}

const unknownEndpoint = (request: Request, id: string): ExitCode =>
  refuse(request, `there is no endpoint ${id} — see: postkey webhooks list`)

async function change({ request, context, word }: Scene, to: 'removed' | 'enabled' | 'disabled'): Promise<ExitCode> {
  const done = to === 'removed' ? await removeEndpoint(context, word) : await changeEndpoint(context, word, to)
  if (!done) return unknownEndpoint(request, word)
  const more = {
    removed: ' What waited for it is gone.',
    enabled: ' What waits for it is sent now.',
    disabled: ' What waits for it stays until it is enabled; nothing is added.',
  }
  return tell(request, { endpoint: word, state: to }, `Endpoint ${word} is ${to}.${more[to]}`)
}

async function rotate({ request, context, word }: Scene): Promise<ExitCode> {
  const endpoint = await findEndpoint(context, word)
  if (endpoint === null) return unknownEndpoint(request, word)
  if (request.switches.has('drop-old')) {
    return (await dropOldSecret(context, endpoint))
      ? tell(request, { endpoint: word, secrets: 1 }, `The old secret of ${word} is dropped: messages are signed with the new one alone.`)
      : refuse(request, `endpoint ${word} has only one secret, or one that cannot be opened, and nothing was dropped`)
  }
  const secret = await rotateSecret(context, endpoint)
  const text = [
    `The new secret of ${word}, which is shown only now:`,
    '',
    `  ${secret}`,
    '',
    'Messages are signed with it and with the one before. When your application knows it:',
    `  postkey webhooks rotate ${word} --drop-old`,
  ]
  return tell(request, { endpoint: word, secret }, text.join('\n'))
}

async function test({ request, context, config, word }: Scene): Promise<ExitCode> {
  const endpoint = await findEndpoint(context, word)
  if (endpoint === null) return unknownEndpoint(request, word)
  const posted = await testEndpoint(context, endpoint, poster({ local: !config.url.startsWith('https:') }))
  if (posted === null) return refuse(request, `the secret of ${word} is sealed with a key that is gone — postkey webhooks rotate ${word}`)
  const { reply, status, text } = posted
  if (reply !== 'accepted')
    return refuse(request, `the endpoint did not take it: ${status ?? 'no answer'}${text === '' ? '' : `, ${text}`}`)
  return tell(request, { endpoint: word, status }, `The endpoint answered ${status}.`)
}

async function show({ request, context, word }: Scene): Promise<ExitCode> {
  const { store, tenant } = context
  const endpoint = await findEndpoint(context, word)
  if (endpoint !== null) {
    const dispatches = await store.listDispatches(tenant, word, 50)
    const { id, url, state, types, failingSince } = endpoint
    const lines = [
      `${id}: ${state}, ${types.length === 0 ? 'all types' : types.join(', ')}`,
      url,
      ...(failingSince === null ? [] : [`Nothing has come through since ${date(failingSince)}.`]),
      '',
      dispatches.length === 0 ? 'Nothing was to be sent to it yet.' : tableOfDispatches(dispatches),
    ]
    return tell(request, { ...publicly(endpoint), dispatches: dispatches.map(seen) }, lines.join('\n'))
  }
  const { dispatches, attempts } = await store.findDispatch(tenant, dispatchOf(word))
  if (dispatches.length === 0) return refuse(request, `there is no endpoint and no message ${word} — see: postkey webhooks list`)
  const rows = attempts.map(({ endpoint: to, at, tookMs, status, reply }) => [
    date(at),
    to,
    String(status ?? 'no answer'),
    `${tookMs} ms`,
    reply,
  ])
  const text = [
    tableOfDispatches(dispatches),
    '',
    rows.length === 0 ? 'No try yet.' : leftTable([['tried', 'endpoint', 'answer', 'took', 'said'], ...rows]),
  ]
  const json = { dispatches: dispatches.map(seen), attempts: attempts.map(({ at, ...attempt }) => ({ ...attempt, at: iso(at) })) }
  return tell(request, json, text.join('\n'))
}

function seen({ id, createdAt, dueAt, settledAt, ...rest }: SeenDispatch): object {
  return {
    id: messageIdOf(id),
    ...rest,
    createdAt: iso(createdAt),
    dueAt: rest.state === 'queued' ? iso(dueAt) : null,
    settledAt: iso(settledAt),
  }
}

function tableOfDispatches(dispatches: readonly SeenDispatch[]): string {
  const rows = dispatches.map(({ id, type, state, tries, createdAt }) => [messageIdOf(id), type, state, `${tries}`, date(createdAt)])
  return tableOf([['message', 'type', 'state', 'tries', 'happened'], ...rows])
}

async function replayed({ request, context, word }: Scene): Promise<ExitCode> {
  const endpoint = await findEndpoint(context, word)
  const since = sinceOf(request, `${COMMAND} replay`, '30d')
  if (since === null) return 2
  if (endpoint === null && request.flags['since'] !== undefined)
    return refuse(request, 'a message is replayed whatever its time — leave --since out', 2)
  const count = await replay(
    context,
    endpoint === null ? { dispatch: dispatchOf(word), endpoint: null } : { dispatch: null, endpoint: word, since },
  )
  if (count === 0 && endpoint === null)
    return refuse(request, `there is no endpoint and no message ${word} — see: postkey webhooks show ENDPOINT`)
  const text = count === 1 ? 'One message is queued once more.' : `${count} messages are queued once more.`
  const waits =
    endpoint !== null && endpoint.state !== 'enabled' ? ` They are sent when it is enabled: postkey webhooks enable ${word}` : ''
  return tell(request, { queued: count }, text + waits)
}
