// `postkey bounces`: takes a message that says that a mail came back, from a pipe of the mail system; and lists the addresses that are sent
// nothing, or takes one off.
import { readAddress } from '../core/address.ts'
import { wantedOf } from '../core/dispatch.ts'
import { CONFIGURED } from '../core/place.ts'
import { takeDsn } from '../flow/bounce.ts'
import { addressInEvent } from '../flow/sign-in.ts'
import { listTenants } from '../flow/tenant-admin.ts'
import { readDsn } from '../mail/report/dsn.ts'
import { keyring, mintId, readBounceTag } from '../secret.ts'
import type { Store, SuppressedAddress } from '../store/store.ts'
import { appVersion, policyVersion, schemaVersion, templateVersion } from '../versions.ts'
import type { ExitCode, Request } from './command.ts'
import type { Config } from './config.ts'
import { createLog } from './log.ts'
import { configFor } from './reading.ts'
import { tenantOf } from './record.ts'
import { tableOf } from './table.ts'
import { withWriting } from './writing.ts'

/** A report quotes the mail, which is small; whatever is larger is none. */
const MESSAGE_BYTES = 5 * 1_048_576

export async function bounces(request: Request): Promise<ExitCode> {
  const [action = '', ...words] = request.words
  if (action === 'list' && words.length === 0) return withWriting(request, 'bounces list', 'webhooks', (store) => list(request, store))
  if (action === 'take' && words.length <= 1)
    return withWriting(request, 'bounces take', 'webhooks', (store, config) => take(request, store, config))
  if (action === 'lift' && words.length === 1)
    return withWriting(request, 'bounces lift', 'webhooks', (store, config) => lift(request, store, config, words[0] ?? ''))
  request.terminal.err(
    `postkey bounces: ${action === '' ? 'what?' : `"${request.words.join(' ')}" is not known`} — postkey bounces take [RECIPIENT] < MESSAGE, postkey bounces list, postkey bounces lift ADDRESS`,
  )
  return 2
}

async function take(request: Request, store: Store, config: Config): Promise<ExitCode> {
  const { terminal, json } = request
  const say = (object: object, text: string): ExitCode => {
    terminal.out(json ? JSON.stringify({ ok: true, ...object }) : text)
    return 0
  }
  const raw = await readAll(terminal.input)
  if (raw === null) throw new Error('nothing came in, or more than 5 MB — pipe one message into it: postkey bounces take < MESSAGE')
  const dsn = await readDsn(raw)
  // Answered with 0: a mail system would take anything else for a reason to send this message back to somebody.
  if (dsn === null) return say({ taken: false, why: 'not_a_report' }, 'It is no delivery report (multipart/report): nothing was done.')
  const [failed] = dsn.failed
  if (failed === undefined) return say({ taken: false, why: 'not_for_good' }, 'It reports no failure for good: nothing was done.')
  const notOurs = (): ExitCode =>
    say(
      { taken: false, why: 'not_ours' },
      'It came in for no return path of ours: nothing was done. Give the address it came in for behind `take`.',
    )
  const keys = keyring(config.secrets)
  const tags = (request.words[1] === undefined ? dsn.sentTo : [request.words[1]]).map(tagOf)
  // All tenants have one address for what comes back: the tag tells whose mail it was.
  const tenants = request.flags['tenant'] === undefined ? await everyTenant(store) : [tenantOf(request)]
  const tenant = tenants.find((one) => tags.some((tag) => readBounceTag(keys, one, tag) !== null))
  if (tenant === undefined) return notOurs()
  const { policy } = await configFor(store, tenant, config)
  const versions = { app: appVersion, schema: schemaVersion, policy: policyVersion(policy), template: templateVersion }
  await store.keepPolicy(tenant, versions.policy, policy)
  const wanted = wantedOf(await store.listEndpoints(tenant))
  const scope = () => ({ tenant, policy, versions, requestId: mintId(Date.now()), eventId: mintId(Date.now()), wanted })
  const log = createLog({ level: 'silent', format: 'json' })
  const context = { store, tenant, keys, policy, log, tell: () => {}, scope }
  const reason = await takeDsn(context, tags, `${failed.status} ${failed.diagnostic}`)
  if (reason === null) return notOurs()
  return say({ taken: true, reason }, 'The address is suppressed: it is sent nothing until an operator lifts that.')
}

async function everyTenant(store: Store): Promise<readonly string[]> {
  return [CONFIGURED, ...(await listTenants({ store })).map(({ tenant }) => tenant)]
}

/** What stands behind the plus. */
function tagOf(address: string): string {
  return /\+([0-9a-z]+)@/i.exec(address)?.[1] ?? ''
}

async function readAll(input: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array | null> {
  if (input === undefined) return null
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of input) {
    bytes += chunk.length
    if (bytes > MESSAGE_BYTES) return null
    chunks.push(chunk)
  }
  return bytes === 0 ? null : Buffer.concat(chunks)
}

async function lift(request: Request, store: Store, { secrets, policy }: Config, text: string): Promise<ExitCode> {
  const { terminal, json } = request
  const tenant = tenantOf(request)
  const refuse = (what: string, code: ExitCode): ExitCode => {
    if (json) terminal.out(JSON.stringify({ ok: false, error: what }))
    terminal.err(`postkey bounces lift: ${what}`)
    return code
  }
  const read = readAddress(text)
  if (!read.ok) return refuse(`"${text}" is no e-mail address — write it as postkey bounces list does`, 2)
  const { email } = read.address
  const versions = { app: appVersion, schema: schemaVersion, policy: policyVersion(policy), template: templateVersion }
  await store.keepPolicy(tenant, versions.policy, policy)
  const scope = { tenant, policy, versions, requestId: mintId(Date.now()), eventId: mintId(Date.now()) }
  const of = { policy, keys: keyring(secrets), tenant }
  if (!(await store.liftBounces(scope, { email, addressInEvent: addressInEvent(of, email) })))
    return refuse('nothing keeps mail from this address — see: postkey bounces list', 1)
  terminal.out(json ? JSON.stringify({ ok: true, lifted: true }) : 'Mail to this address goes out again.')
  return 0
}

const PAGE = 500

async function list(request: Request, store: Store): Promise<ExitCode> {
  const { terminal, json } = request
  const found: SuppressedAddress[] = []
  for (let after = ''; ; ) {
    const page = await store.listSuppressions(tenantOf(request), after, PAGE)
    found.push(...page)
    after = page.at(-1)?.address ?? ''
    if (page.length < PAGE) break
  }
  const date = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ')
  if (json) {
    const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
    terminal.out(
      JSON.stringify({
        ok: true,
        suppressed: found.map(({ since, until, ...rest }) => ({ ...rest, since: iso(since), until: iso(until) })),
      }),
    )
  } else if (found.length === 0) terminal.out('No address is suppressed.')
  else
    terminal.out(
      tableOf([
        ['address', 'why', 'since', 'until'],
        ...found.map(({ address, why, since, until }) => [address, why, date(since), until === null ? 'lifted' : date(until)]),
      ]),
    )
  return 0
}
