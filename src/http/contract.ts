// The contract of the JSON API as OpenAPI 3.1: which route takes what, and everything it may answer. Written from the schemas that read
// what is sent, from those the answers are typed by, and from the table of reasons; held against every answer of the stories.
import { z } from 'zod'
import { paths } from '../core/paths.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { addBody, findBody, inviteBody } from './admin-users.ts'
import * as answers from './answers.ts'
import { resendBody, startBody, verifyBody } from './api.ts'
import { startBody as stepUpBody, verifyBody as stepUpProof } from './confirm.ts'

interface Operation {
  readonly id: string
  readonly summary: string
  readonly description?: string
  /** Who must say who they are: the session, the browser that asked, or nobody. */
  readonly as: 'session' | 'browser' | 'anybody' | 'key'
  readonly body?: z.ZodType
  /** A part of the path, in braces there. */
  readonly parameter?: { readonly name: string; readonly description: string }
  /** Every yes: its status, and what it says; null: nothing. */
  readonly yes: Readonly<Record<number, z.ZodType | null>>
  /** A no that is not a problem. */
  readonly no?: Readonly<Record<number, z.ZodType>>
  /** Every no, by its reason. */
  readonly reasons: readonly ReasonCode[]
}

/** What any route may answer: the guard, a damaged body, an outage. */
const anywhere: readonly ReasonCode[] = ['tenant_unknown', 'method_not_allowed', 'unavailable', 'failed']
const changing: readonly ReasonCode[] = [...anywhere, 'origin_null', 'origin_foreign', 'origin_missing']
const sending: readonly ReasonCode[] = [...changing, 'body_too_large', 'body_malformed']
const signedOut: readonly ReasonCode[] = ['session_unknown', 'session_idle', 'session_expired', 'session_ended']

const refusals = (Object.keys(reasons) as ReasonCode[]).filter((code) => reasons[code].kind === 'verify' && reasons[code].status >= 400)

const keyed: readonly ReasonCode[] = [...changing, 'admin_key_unknown']
const keyedSending: readonly ReasonCode[] = [...keyed, 'body_too_large', 'body_malformed']
const keyedFinding: readonly ReasonCode[] = [...keyed, 'person_unknown']
const ofTenant = { name: 'tenant', description: 'Its name.' } as const
const ofUser = { name: 'id', description: 'Of the user.' } as const
const settingsBody = z.record(z.string(), z.unknown())
const tenantNo = { 400: answers.tenantRefused, 409: answers.tenantRefused } as const

function moving(id: string, summary: string): Operation {
  return { id, summary, as: 'key', parameter: ofTenant, yes: { 200: answers.tenantFound }, no: tenantNo, reasons: keyed }
}

function acting(id: string, summary: string): Operation {
  return {
    id,
    summary,
    as: 'key',
    parameter: ofUser,
    yes: { 200: answers.adminActed },
    no: { 409: answers.adminRefused },
    reasons: keyedFinding,
  }
}

export const operations: Readonly<Record<string, Partial<Record<'get' | 'post' | 'delete', Operation>>>> = {
  [paths.apiSignIn]: {
    post: {
      id: 'startSignIn',
      summary: 'Ask for a mail',
      description: 'The answer is the same for every address, known or not. It sets the cookie of the browser that asked.',
      as: 'browser',
      body: startBody,
      yes: { 202: answers.asked },
      reasons: [...sending, 'address_invalid', 'return_invalid', 'too_many_requests', 'too_many_mails'],
    },
  },
  [paths.apiResend]: {
    post: {
      id: 'resendSignIn',
      summary: 'Ask for another mail of the same challenge',
      description: 'Only in the browser that asked.',
      as: 'browser',
      body: resendBody,
      yes: { 202: answers.asked },
      reasons: [...sending, 'challenge_unknown', 'challenge_completed', 'too_many_requests', 'too_many_mails'],
    },
  },
  [paths.apiVerify]: {
    post: {
      id: 'verifySignIn',
      summary: 'Present a code or a link',
      description:
        'A code works only in the browser that asked. A link does elsewhere too, where the policy allows it, with the typed address.',
      as: 'browser',
      body: verifyBody,
      yes: { 200: answers.verified },
      reasons: [...sending, ...refusals],
    },
  },
  [paths.apiStepUp]: {
    post: {
      id: 'startStepUp',
      summary: 'Ask for a mail to prove the mailbox again',
      description: 'It goes to the address of whoever is signed in.',
      as: 'session',
      body: stepUpBody,
      yes: { 202: answers.asked },
      reasons: [...sending, ...signedOut, 'return_invalid', 'too_many_requests', 'too_many_mails'],
    },
  },
  [paths.apiStepUpResend]: {
    post: {
      id: 'resendStepUp',
      summary: 'Ask for another mail of the same challenge',
      description: 'Only in the browser that asked.',
      as: 'session',
      body: resendBody,
      yes: { 202: answers.asked },
      reasons: [...sending, ...signedOut, 'challenge_unknown', 'challenge_completed', 'too_many_requests', 'too_many_mails'],
    },
  },
  [paths.apiStepUpVerify]: {
    post: {
      id: 'verifyStepUp',
      summary: 'Present the code or the link of such a mail',
      description: 'Only in the browser that asked, and for the session that did. Its token is a new one afterwards.',
      as: 'session',
      body: stepUpProof,
      yes: { 200: answers.verified },
      reasons: [...sending, ...signedOut, ...refusals],
    },
  },
  [paths.apiSession]: {
    get: {
      id: 'getSession',
      summary: 'Who is signed in',
      as: 'session',
      yes: { 200: answers.current },
      reasons: [...anywhere, ...signedOut],
    },
    delete: { id: 'signOut', summary: 'Sign out', as: 'session', yes: { 204: null }, reasons: [...changing, ...signedOut] },
  },
  [paths.apiSessions]: {
    get: {
      id: 'listSessions',
      summary: 'The sessions of this person',
      as: 'session',
      yes: { 200: answers.listed },
      reasons: [...anywhere, ...signedOut],
    },
  },
  [`${paths.apiSessions}/{id}`]: {
    delete: {
      id: 'endSession',
      summary: 'End one session of this person',
      as: 'session',
      parameter: { name: 'id', description: 'Of the session.' },
      yes: { 204: null },
      reasons: [...changing, ...signedOut, 'session_absent'],
    },
  },
  [paths.apiTenants]: {
    get: {
      id: 'listTenants',
      summary: 'All tenants',
      description: 'Of tenants only where the installation is.',
      as: 'key',
      yes: { 200: answers.tenantsListed },
      reasons: keyed,
    },
    post: {
      id: 'addTenant',
      summary: 'Add a tenant',
      description: 'With its name as `tenant`, and its settings.',
      as: 'key',
      body: settingsBody,
      yes: { 201: answers.tenantFound },
      no: tenantNo,
      reasons: keyedSending,
    },
  },
  [`${paths.apiTenants}/{tenant}`]: {
    get: { id: 'getTenant', summary: 'One tenant', as: 'key', parameter: ofTenant, yes: { 200: answers.tenantFound }, reasons: keyed },
    post: {
      id: 'setTenant',
      summary: 'Change settings of a tenant',
      description: '`null` takes a setting back.',
      as: 'key',
      parameter: ofTenant,
      body: settingsBody,
      yes: { 200: answers.tenantFound },
      no: tenantNo,
      reasons: keyedSending,
    },
    delete: {
      id: 'removeTenant',
      summary: 'Remove a tenant that is suspended, with all its rows',
      as: 'key',
      parameter: ofTenant,
      yes: { 200: answers.tenantFound },
      no: tenantNo,
      reasons: keyed,
    },
  },
  [`${paths.apiTenants}/{tenant}/suspend`]: { post: moving('suspendTenant', 'It answers as if it were not there, until it is resumed') },
  [`${paths.apiTenants}/{tenant}/resume`]: { post: moving('resumeTenant', 'It answers again') },
  [paths.apiUsers]: {
    get: {
      id: 'listUsers',
      summary: 'Users in the order of their ids',
      description: 'Of the tenant whose address this is. `after` says where to go on, `limit` how many (100, at most 1,000).',
      as: 'key',
      yes: { 200: answers.adminListed },
      reasons: keyed,
    },
    post: {
      id: 'addUser',
      summary: 'Make a user, and invite the person where `invite` says so',
      as: 'key',
      body: addBody,
      yes: { 201: answers.adminAdded },
      no: { 409: answers.adminRefused },
      reasons: [...keyedSending, 'address_invalid', 'return_invalid', 'too_many_mails'],
    },
  },
  [`${paths.apiUsers}/find`]: {
    post: {
      id: 'findUser',
      summary: 'The user of an address or an external id',
      description: 'A POST, since nobody’s address should stand in a URL.',
      as: 'key',
      body: findBody,
      yes: { 200: answers.adminFound },
      reasons: [...keyedSending, 'person_unknown'],
    },
  },
  [`${paths.apiUsers}/{id}`]: {
    get: { id: 'getUser', summary: 'One user', as: 'key', parameter: ofUser, yes: { 200: answers.adminFound }, reasons: keyedFinding },
    delete: { ...acting('deleteUser', 'The account ends, and the address is free'), yes: { 200: answers.adminActed } },
  },
  [`${paths.apiUsers}/{id}/erase`]: {
    delete: acting('eraseUser', 'The account ends, and the address is taken from everything that names it'),
  },
  [`${paths.apiUsers}/{id}/disable`]: { post: acting('disableUser', 'Nobody gets in as this user; sessions end') },
  [`${paths.apiUsers}/{id}/enable`]: { post: acting('enableUser', 'The user can sign in again') },
  [`${paths.apiUsers}/{id}/end-sessions`]: { post: acting('endSessionsOfUser', 'All sessions of the user end') },
  [`${paths.apiUsers}/{id}/invite`]: {
    post: {
      id: 'inviteUser',
      summary: 'Send a mail that lets the person in who has not come yet',
      as: 'key',
      parameter: ofUser,
      body: inviteBody,
      yes: { 202: answers.adminInvited },
      no: { 409: answers.adminRefused },
      reasons: [...keyedSending, 'person_unknown', 'return_invalid', 'too_many_mails'],
    },
  },
  '/livez': { get: { id: 'livez', summary: 'The process runs', as: 'anybody', yes: { 200: answers.live }, reasons: anywhere } },
  '/readyz': {
    get: {
      id: 'readyz',
      summary: 'It can answer: the database does',
      as: 'anybody',
      yes: { 200: answers.ready },
      no: { 503: answers.notReady },
      reasons: anywhere,
    },
  },
  '/version': {
    get: { id: 'version', summary: 'What this process runs', as: 'anybody', yes: { 200: answers.versions }, reasons: anywhere },
  },
}

/** What a problem says, whatever its reason: RFC 9457, and what helps a person on. */
const problem = z
  .strictObject({
    type: z.string().describe('Leads to what this reason means.'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What happened, in words for a person.'),
    nextStep: z.string().describe('What that person can safely do next.'),
    reason: z.string().describe('Stable. Several reasons share one face where the difference would tell on somebody.'),
    requestId: z.string().describe('Finds the event in one search.'),
    triesLeft: z.int().optional(),
    retryAfter: z.int().optional().describe('Seconds.'),
  })
  .meta({ id: 'Problem' })

interface Response {
  readonly description: string
  readonly content?: Readonly<Record<string, object>>
}
type Responses = Record<string, Response>

export interface Place {
  /** The public origin and the base path. */
  readonly url: string
  readonly version: string
}

/** The whole, as JSON. `cookies`: the names of this installation's. */
export function openapi({ url, version }: Place, cookies: { readonly browser: string; readonly session: string }): object {
  const named = new Map<string, object>()
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output' = 'output'): object => {
    const { $schema: _, $defs, ...own } = z.toJSONSchema(schema, { io, override: withoutNoise }) as Record<string, unknown>
    for (const [name, definition] of Object.entries(($defs as Record<string, object> | undefined) ?? {}))
      named.set(name, pointed(definition))
    return pointed(own)
  }
  const operationOf = ({ id, summary, description, as, body, parameter, yes, no, reasons: codes }: Operation): object => ({
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    security: SECURITY[as],
    ...(parameter === undefined ? {} : { parameters: [{ ...parameter, in: 'path', required: true, schema: { type: 'string' } }] }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
    responses: {
      ...Object.fromEntries(Object.entries(yes).map(([status, schema]) => [status, answered('Yes.', schema)])),
      ...together(
        problemsOf(codes),
        Object.fromEntries(Object.entries(no ?? {}).map(([status, schema]) => [status, answered('No.', schema)])),
      ),
    },
  })
  const answered = (words: string, schema: z.ZodType | null): Response => ({
    description: words,
    ...(schema === null ? {} : { content: { 'application/json': { schema: schemaOf(schema) } } }),
  })
  const problemsOf = (codes: readonly ReasonCode[]): Responses => {
    const byStatus = new Map<number, string[]>()
    for (const code of codes) {
      const face = reasons[code].face as ReasonCode
      const { status } = reasons[face]
      byStatus.set(status, [...new Set([...(byStatus.get(status) ?? []), face])])
    }
    return Object.fromEntries(
      [...byStatus].map(([status, faces]) => [
        status,
        {
          description: faces.map((face) => `\`${face}\`: ${reasons[face as ReasonCode].meaning}`).join('\n\n'),
          content: {
            'application/problem+json': {
              schema: { allOf: [schemaOf(problem), { type: 'object', properties: { reason: { enum: faces } } }] },
            },
          },
        },
      ]),
    )
  }
  const routes = Object.fromEntries(
    Object.entries(operations).map(([path, methods]) => [
      path,
      Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, operationOf(operation)])),
    ]),
  )
  return {
    openapi: '3.1.0',
    info: { title: 'Postkey', version, description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url }],
    paths: routes,
    components: {
      schemas: Object.fromEntries([...named].sort(([one], [other]) => (one < other ? -1 : 1))),
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: cookies.session },
        bearer: { type: 'http', scheme: 'bearer', description: 'The token of a session, for clients without cookies.' },
        browser: {
          type: 'apiKey',
          in: 'cookie',
          name: cookies.browser,
          description: 'Which browser asked; handed out by the first answer.',
        },
        adminKey: { type: 'http', scheme: 'bearer', description: 'Of a program, as `postkey tenants key add` gives it.' },
        browserHeader: { type: 'apiKey', in: 'header', name: 'Postkey-Browser', description: 'The same for clients without cookies.' },
      },
    },
  }
}

/** One status may say no in two ways, told apart by their types. */
function together(problems: Responses, others: Responses): Responses {
  const both = { ...problems, ...others }
  for (const [status, { description, content }] of Object.entries(problems)) {
    const other = others[status]
    if (other !== undefined) both[status] = { description, content: { ...content, ...other.content } }
  }
  return both
}

const DESCRIPTION =
  'Sign-in by mail, with a link and a code. Every request that changes something must come from this origin, as browsers say it (Origin, Sec-Fetch-Site), or carry no cookie. Failures are problems (RFC 9457) with a stable reason.'

const SECURITY = {
  session: [{ session: [] }, { bearer: [] }],
  // Without either a browser gets a new cookie.
  browser: [{ browser: [] }, { browserHeader: [] }, {}],
  anybody: [{}],
  key: [{ adminKey: [] }],
} as const

/** JavaScript's bounds of whole numbers and the pattern behind a date say nothing to whoever reads a contract. */
function withoutNoise({ jsonSchema }: { jsonSchema: Record<string, unknown> }): void {
  if (jsonSchema['type'] === 'integer') {
    if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum']
    if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum']
  }
  if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern']
}

/** Definitions stand in one place for all. */
function pointed(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as object
}
