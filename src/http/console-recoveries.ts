// The console's page of those who wait to get back in without their mailbox.
import { readAddress } from '../core/address.ts'
import { paths } from '../core/paths.ts'
import { type ReasonCode, reasons } from '../core/reason.ts'
import { approvalsMissing, waitingOf } from '../core/recovery-wait.ts'
import { readName, saidOf } from '../flow/operator.ts'
import { listWaits, recoveryAct, untilOf, WANTS, type WantedAct } from '../flow/recovery-wait.ts'
import { contextFor } from '../flow/roll-out.ts'
import { recoveriesPage } from '../page/console/recoveries.tsx'
import { readFormBody } from './body.ts'
import { admit } from './console.ts'
import { type Incoming, type Outgoing, queryOf } from './exchange.ts'
import { englishFrame, html, redirect, refuse } from './respond.ts'
import type { RouteTable } from './routes.ts'
import type { Visit } from './visit.ts'

export function consoleRecoveryRoutes(): RouteTable {
  return { [paths.consoleRecoveries]: { GET: getRecoveries, POST: postAct } }
}

function getRecoveries(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context } = visit
  return admit(visit, { wants: 'look' }, paths.consoleRecoveries, async (desk, { operator }) => {
    const looks = await listWaits(context)
    const said = queryOf(request).get('said')
    const recoveries = looks.map((look) => {
      const { wait, standing } = look
      const { recovery } = contextFor(context, wait.email).policy
      return {
        id: wait.id,
        person: wait.user,
        email: wait.email,
        newEmail: wait.newEmail ?? '',
        begunBy: wait.operator,
        own: wait.operator !== null && wait.operator === operator?.id,
        askedAt: wait.createdAt,
        readyAt: untilOf(look),
        approvals: wait.approvals.length,
        missing: approvalsMissing(recovery, waitingOf(wait)),
        is: standing.is,
      }
    })
    return html(
      visit,
      recoveriesPage(englishFrame(visit, context.now()), desk('recoveries'), {
        recoveries,
        said: said !== null && Object.hasOwn(reasons, said) ? (said as ReasonCode) : undefined,
      }),
    )
  })
}

const actFields = {
  act: { max: 20, required: true },
  account: { max: 320, required: false },
  email: { max: 320, required: false },
  recovery: { max: 64, required: false },
  person: { max: 64, required: false },
} as const

async function postAct(visit: Visit, request: Incoming): Promise<Outgoing> {
  const { context, asker } = visit
  const body = await readFormBody(request, actFields)
  if (!body.ok) return refuse(visit, { reason: body.reason })
  const { act, account = '', email = '', recovery: id = '', person = '' } = body.values
  if (act !== 'start' && act !== 'approve' && act !== 'cancel') return refuse(visit, { reason: 'body_malformed' })
  const wanted: WantedAct = act === 'start' ? { does: act, email } : { does: act, id }
  const recovery = recoveryAct(context, asker, wanted)
  const read = readAddress(account)
  if (recovery === null || (act === 'start' && !read.ok)) return refuse(visit, { reason: 'address_invalid' })
  const whom = act === 'start' && read.ok ? { email: read.address.email } : readName(context, person)
  return admit(visit, { wants: WANTS[act], person: whom, recovery }, paths.consoleRecoveries, (_, operated) => {
    // Nobody is known by that: said on the page, as what comes of any act.
    const said = saidOf(WANTS[act], operated)
    visit.log.reason = said
    return redirect(visit, `${context.basePath}${paths.consoleRecoveries}?said=${said}`)
  })
}
