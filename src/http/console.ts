// The console: pages for operators. Each asks first whether this session may, which also writes down that it was asked; to everybody
// else there is no such page.
import { type Split, splits } from '../core/funnel.ts'
import { numbersOf, partsOf } from '../core/funnel-numbers.ts'
import { isAct, isErased, proofAge } from '../core/operator.ts'
import { paths } from '../core/paths.ts'
import { CONFIGURED } from '../core/place.ts'
import { readDuration } from '../core/policy.ts'
import { policyChanges, policyLines } from '../core/policy-difference.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { standings } from '../core/standing.ts'
import { viewEndpoint, viewEndpoints } from '../flow/endpoints.ts'
import {
  findStories,
  isUser,
  listPolicies,
  nameOf,
  type Operated,
  operate,
  readName,
  readSearched,
  saidOf,
  viewPerson,
  viewQueue,
  type Wanted,
} from '../flow/operator.ts'
import { type Numbers, type Reading, readCalibration, readNumbers } from '../flow/readings.ts'
import { contextsOf } from '../flow/roll-out.ts'
import { confirmPage } from '../page/console/confirm.tsx'
import { foundPage, foundPath } from '../page/console/found.tsx'
import { mailsPage } from '../page/console/mails.tsx'
import { personPage } from '../page/console/person.tsx'
import { policyPage } from '../page/console/policy.tsx'
import { versionsPage } from '../page/console/versions.tsx'
import {
  type CalibrateView,
  calibrateWindows,
  type Desk,
  type FunnelView,
  type PersonPageView,
  type PolicyView,
  type QueueFacts,
  type SeenMail,
  type Story,
  type Window,
  windows,
} from '../page/console/view.ts'
import { endpointPage, endpointPath, webhooksPage } from '../page/console/webhooks.tsx'
import type { Problem } from '../page/view.ts'
import { readFormBody } from './body.ts'
import { networkOf } from './client-address.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { englishFrame, html, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import type { Visit } from './visit.ts'

export function consoleRoutes(): RouteTable {
  return {
    [paths.console]: { GET: getOverview },
    [paths.consoleFound]: { GET: getFound },
    [paths.consoleSearch]: { GET: toConsole, POST: postSearch },
    [`${paths.consolePeople}/…`]: { GET: getPerson, POST: postAct },
    [paths.consoleMails]: { GET: getMails },
    [paths.consoleCalibrate]: { GET: getCalibrate },
    [paths.consoleWebhooks]: { GET: getWebhooks },
    [`${paths.consoleWebhooks}/…`]: { GET: getEndpoint, POST: postReplay },
    [paths.consolePolicy]: { GET: getPolicy },
    [paths.consoleVersions]: { GET: getVersions },
  }
}

/** Who was let in: the page that was asked for, as this operator sees it. */
type Show = (desk: (page: Desk['page']) => Desk, operated: Operated) => Outgoing | Promise<Outgoing>

/** @param back where a sign-in leads to that has to come first: a page, never an act. */
export async function admit(visit: Visit, wanted: Omit<Wanted, 'page'>, back: string, show: Show): Promise<Outgoing> {
  const { context, asker } = visit
  const operated = await operate(context, asker, { page: visit.log.route, ...wanted })
  const { decision, operator } = operated
  visit.log.reason = decision.reason
  const returnTo = `${context.basePath}${back}`
  if (decision.verdict === 'sign_in' || operator === null)
    return redirect(visit, `${context.basePath}${paths.signIn}?return_to=${encodeURIComponent(returnTo)}`)
  if (decision.verdict === 'hide') return refuse(visit, { reason: decision.reason })
  if (decision.verdict === 'step_up') {
    const proof = wanted.wants === 'look' ? proofAge.look : proofAge.act
    const page = confirmPage(englishFrame(visit, context.now()), { operator: operator.email, proof, returnTo })
    return html(visit, page, { status: reasons[decision.reason].status })
  }
  return show((page) => ({ page, operator: operator.email, installation: context.tenant === CONFIGURED }), operated)
}

const look = { wants: 'look' } as const

function toConsole(visit: Visit): Outgoing {
  return redirect(visit, `${visit.context.basePath}${paths.console}`)
}

function getOverview(visit: Visit, request: Incoming): Promise<Outgoing> {
  const query = queryOf(request)
  const more = query.get('said') === 'operator_erased_user' ? ({ notice: 'erased' } as const) : {}
  return admit(visit, look, paths.console, (desk) =>
    overview(visit, desk('overview'), {
      window: windows.find((window) => window === query.get('of')),
      by: splits.find((by) => by === query.get('by')),
      ...more,
    }),
  )
}

interface Overview {
  readonly window?: Window | undefined
  readonly by?: Split | undefined
  readonly notice?: 'erased'
  readonly problem?: Problem
}

async function overview(visit: Visit, desk: Desk, { window = '24h', by, ...more }: Overview): Promise<Outgoing> {
  const { context } = visit
  const [queue, numbers, { overviewPage }] = await Promise.all([
    viewQueue(context),
    readNumbers(context, readDuration(window) ?? 0, by ?? null),
    // With it comes the library of its charts, which nobody needs to sign in.
    import('../page/console/overview.tsx'),
  ])
  const funnel: FunnelView = { window, by: by ?? null, read: countedView(numbers) }
  const page = overviewPage(englishFrame(visit, queue.now), desk, { queue: queueFacts(visit, queue), funnel, ...more })
  return html(visit, page, more.problem === undefined ? {} : { status: reasons[more.problem.reason].status })
}

/** More of them would not be looked at. */
const PARTS_MAX = 8

function countedView(reading: Reading<Numbers>): FunnelView['read'] {
  if (!reading.over) return reading
  const { totals, parts, by, ...counted } = reading.value
  return {
    ...counted,
    at: reading.at,
    flows: totals.flows,
    numbers: numbersOf(totals),
    toVerify: [...totals.toVerify],
    parts:
      by === null
        ? null
        : partsOf(parts, PARTS_MAX).map((part) => ({ name: part.name, flows: part.totals.flows, numbers: numbersOf(part.totals) })),
  }
}

const searchFields = { q: { max: 320, required: true } } as const

async function postSearch(visit: Visit, request: Incoming): Promise<Outgoing> {
  const body = await readFormBody(request, searchFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { context } = visit
  const { keys, person, searched, name } = readSearched(context, body.values.q, networkOf)
  return admit(
    visit,
    { ...look, person: keys === null ? NOBODY : name === null ? person : null, searched },
    paths.console,
    (desk, operated) => {
      if (name !== null) return redirect(visit, `${context.basePath}${foundPath(name)}`)
      return operated.person === null
        ? overview(visit, desk('overview'), { problem: { reason: operated.decision.reason } })
        : redirect(visit, personPath(visit, nameOf(context, operated.person)))
    },
  )
}

/** What is no name of anybody. */
const NOBODY = { user: '' }

function getFound(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context } = visit
  const { keys, person, searched, name } = readSearched(context, queryOf(request).get('q') ?? '', networkOf)
  const wanted = { ...look, searched, person: name === null ? NOBODY : null }
  return admit(visit, wanted, name === null ? paths.console : foundPath(name), async (desk) => {
    const nothing = (): Outgoing => refuse(visit, { reason: 'person_unknown' }, { continueTo: `${context.basePath}${paths.console}` })
    if (keys === null || name === null) return nothing()
    // The same shape names users, challenges and requests.
    if (person !== null && (await isUser(context, person))) return redirect(visit, personPath(visit, name))
    const { matches, more } = await findStories(context, keys)
    if (matches.length === 0) return nothing()
    const page = foundPage(englishFrame(visit, context.now()), desk('found'), {
      stories: matches.map((match) => storyOf(visit, match)),
      more,
    })
    return html(visit, page)
  })
}

function storyOf(visit: Visit, { email, ...match }: Awaited<ReturnType<typeof findStories>>['matches'][number]): Story {
  const { context } = visit
  return {
    ...match,
    person: email === null ? null : { email, name: nameOf(context, { email, user: null }) },
  }
}

function personPath(visit: Visit, name: string): string {
  return `${visit.context.basePath}${paths.consolePeople}/${name}`
}

function getPerson(visit: Visit, request: Incoming, name: string): Promise<Outgoing> {
  const { context } = visit
  const back = `${paths.consolePeople}/${name}`
  return admit(visit, { ...look, person: readName(context, name) }, back, async (desk, { decision, person }) => {
    if (person === null) return refuse(visit, { reason: decision.reason }, { continueTo: `${context.basePath}${paths.console}` })
    const [seen, { matches }] = await Promise.all([
      viewPerson(context, person),
      findStories(context, [{ by: 'address', email: person.email }]),
    ])
    const verdicts = new Map(matches.map(({ challenge, verdict }) => [challenge, verdict]))
    const { policy, operators } = context
    const { email, user } = person
    const view: PersonPageView = {
      name,
      email,
      user,
      listed: operators.includes(email),
      erased: isErased(email),
      standings: standings(policy, person.hits, seen.now),
      suppressed: person.suppressed,
      quietUntil: person.quietUntil,
      sessions: seen.sessions,
      challenges: challengesOf(
        seen,
        verdicts,
        (challenge) =>
          challenge.purpose === 'sign_in' && challenge.completedAt === null && seen.now < challenge.createdAt + policy.challengeTtl,
      ),
      said: readReason(queryOf(request).get('said')),
      policyHasCode: policy.methods.includes('code'),
    }
    return html(visit, personPage(englishFrame(visit, seen.now), desk('person'), view))
  })
}

type Seen = Awaited<ReturnType<typeof viewPerson>>

function challengesOf(
  seen: Seen,
  verdicts: ReadonlyMap<string | null, string>,
  isLive: (challenge: Seen['challenges'][number]) => boolean,
): PersonPageView['challenges'] {
  return seen.challenges.map((challenge) => ({
    ...challenge,
    live: isLive(challenge),
    verdict: verdicts.get(challenge.id) ?? '',
    mails: seen.mails.filter((mail) => mail.challenge === challenge.id).map((mail) => withEvents(mail, seen.events)),
  }))
}

function withEvents(mail: Seen['mails'][number], events: Seen['events']): SeenMail {
  const own = events.filter(({ requestId }) => requestId === mail.requestId)
  return {
    ...mail,
    reason: own.find(({ kind }) => kind !== 'deliver')?.reason ?? null,
    answers: own.filter(({ kind, ordinal }) => kind === 'deliver' && ordinal === mail.ordinal),
  }
}

const actFields = { act: { max: 20, required: true }, challenge: { max: 64, required: false }, sure: { max: 3, required: false } } as const

async function postAct(visit: Visit, request: Incoming, name: string): Promise<Outgoing> {
  const { context } = visit
  const body = await readFormBody(request, actFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { act, challenge, sure } = body.values
  // What cannot be undone is said twice.
  if (!isAct(act) || (act === 'resend' && challenge === undefined) || (act === 'erase' && sure !== 'yes'))
    return refuse(visit, { reason: 'body_malformed' })
  const wanted = { wants: act, person: readName(context, name), challenge: challenge ?? null }
  return admit(visit, wanted, `${paths.consolePeople}/${name}`, (_, operated) => {
    const { person } = operated
    if (person === null) return refuse(visit, { reason: 'person_unknown' }, { continueTo: `${context.basePath}${paths.console}` })
    const said = saidOf(act, operated)
    const to = said === 'operator_erased_user' ? `${context.basePath}${paths.console}` : personPath(visit, nameOf(context, person))
    return redirect(visit, `${to}?said=${said}`)
  })
}

function readReason(text: string | null): ReasonCode | undefined {
  return text !== null && Object.hasOwn(reasons, text) ? (text as ReasonCode) : undefined
}

/** So many are counted before it says "or more". */
export const COUNTED_MAX = 10_000

function queueFacts(visit: Visit, { queued, due, oldest }: Awaited<ReturnType<typeof viewQueue>>): QueueFacts {
  return { queued, due, oldest, countedMax: COUNTED_MAX, unusableSince: visit.context.mailUnusableSince() }
}

function getMails(visit: Visit): Promise<Outgoing> {
  return admit(visit, look, paths.consoleMails, async (desk) => {
    const queue = await viewQueue(visit.context)
    const { next, recent } = queue
    return html(visit, mailsPage(englishFrame(visit, queue.now), desk('mails'), { queue: queueFacts(visit, queue), next, recent }))
  })
}

function getCalibrate(visit: Visit, request: Incoming): Promise<Outgoing> {
  const window = calibrateWindows.find((name) => name === queryOf(request).get('of')) ?? '30d'
  return admit(visit, look, paths.consoleCalibrate, async (desk) => {
    const { context } = visit
    const [reading, { calibratePage }] = await Promise.all([
      readCalibration(context, readDuration(window) ?? 0),
      import('../page/console/calibrate.tsx'),
    ])
    const read: CalibrateView['read'] = reading.over ? { ...reading.value, at: reading.at, clicks: [...reading.value.clicks] } : reading
    return html(visit, calibratePage(englishFrame(visit, context.now()), desk('calibrate'), { window, read }))
  })
}

function getPolicy(visit: Visit): Promise<Outgoing> {
  return admit(visit, look, paths.consolePolicy, async (desk) => {
    const { context } = visit
    const { policy, rollOut } = context
    const inForce = contextsOf(context).map(({ versions }) => versions.policy)
    const kept = await listPolicies(context)
    const view: PolicyView = {
      lines: policyLines(policy),
      rollOut: rollOut && {
        name: rollOut.name,
        percent: rollOut.percent,
        listed: rollOut.listed,
        version: rollOut.context.versions.policy,
        changes: policyChanges(policy, rollOut.context.policy),
      },
      history: kept.map(({ version, firstUsedAt, policy: own }, index) => {
        const before = kept[index + 1]
        const changes = before === undefined ? null : policyChanges(before.policy, own)
        return { version, firstUsedAt, inForce: inForce.includes(version), changes }
      }),
    }
    return html(visit, policyPage(englishFrame(visit, context.now()), desk('policy'), view))
  })
}

function getWebhooks(visit: Visit): Promise<Outgoing> {
  return admit(visit, look, paths.consoleWebhooks, async (desk) => {
    const { context } = visit
    return html(visit, webhooksPage(englishFrame(visit, context.now()), desk('webhooks'), { endpoints: await viewEndpoints(context) }))
  })
}

function getEndpoint(visit: Visit, request: Incoming, id: string): Promise<Outgoing> {
  const { context } = visit
  return admit(visit, look, endpointPath(id), async (desk) => {
    const view = await viewEndpoint(context, id)
    if (view === null) return refuse(visit, { reason: 'person_unknown' }, { continueTo: `${context.basePath}${paths.consoleWebhooks}` })
    const said = readReason(queryOf(request).get('said'))
    return html(visit, endpointPage(englishFrame(visit, context.now()), desk('webhooks'), { ...view, said }))
  })
}

const replayFields = { dispatch: { max: 64, required: true } } as const

async function postReplay(visit: Visit, request: Incoming, id: string): Promise<Outgoing> {
  const body = await readFormBody(request, replayFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const wanted = { wants: 'replay', dispatch: { dispatch: body.values.dispatch, endpoint: id } } as const
  return admit(visit, wanted, endpointPath(id), (_, { decision }) =>
    redirect(visit, `${visit.context.basePath}${endpointPath(id)}?said=${decision.reason}`),
  )
}

function getVersions(visit: Visit): Promise<Outgoing> {
  return admit(visit, look, paths.consoleVersions, (desk) => {
    const { context } = visit
    return html(visit, versionsPage(englishFrame(visit, context.now()), desk('versions'), { versions: context.versions }))
  })
}
