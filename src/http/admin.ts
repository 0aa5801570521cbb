// Tenants by JSON, for programs that hold a key. To everybody else there is nothing here.
import { z } from 'zod'
import type { Wish } from '../core/admin-key.ts'
import { paths } from '../core/paths.ts'
import type { TenantRow } from '../core/tenant.ts'
import { admitKey } from '../flow/admin.ts'
import {
  addTenant,
  findTenant,
  inputOf,
  listTenants,
  moveTenant,
  type Office,
  setTenant,
  type TenantChanged,
} from '../flow/tenant-admin.ts'
import { wordProblems } from '../words/own.ts'
import { readJsonBody } from './body.ts'
import type { Incoming, Outgoing } from './exchange.ts'
import { json, problem } from './respond.ts'
import type { RouteTable } from './routes.ts'
import type { Visit } from './visit.ts'

export function adminRoutes(): RouteTable {
  return {
    [paths.apiTenants]: { GET: list, POST: add },
    [`${paths.apiTenants}/…`]: { GET: show, POST: change, DELETE: remove },
  }
}

const input = z.record(z.string(), z.unknown())
/** What only a key of the installation may say. */
const PLACES = ['hosts', 'prefix'] as const

/** Of the installation: its context is where tenants are managed. */
export function officeOf({ context }: Visit, by: Office['by'] = 'api', operator?: string): Office {
  const { store, versions, origin, basePath, now } = context
  return { store, versions, ground: { origin, basePath }, wordProblems, by, operator, now }
}

export async function admitted(visit: Visit, request: Incoming, wish: Wish, work: () => Promise<Outgoing>): Promise<Outgoing> {
  const admitted = await admitKey(visit.context, request.header('authorization'), wish)
  return admitted.ok ? await work() : problem(visit, { reason: admitted.reason })
}

function list(visit: Visit, request: Incoming): Promise<Outgoing> {
  return admitted(visit, request, { tenant: null, writes: false, places: false }, async () =>
    json(visit, { tenants: (await listTenants(officeOf(visit))).map(plain), requestId: visit.asker.requestId }),
  )
}

function add(visit: Visit, request: Incoming): Promise<Outgoing> {
  return admitted(visit, request, { tenant: null, writes: true, places: true }, async () => {
    const body = await readJsonBody(request, input)
    if (!body.ok) return problem(visit, { reason: body.reason })
    const { tenant, ...given } = body.values
    return changed(visit, await addTenant(officeOf(visit), String(tenant ?? ''), given), 201)
  })
}

function show(visit: Visit, request: Incoming, tenant: string): Promise<Outgoing> {
  return admitted(visit, request, { tenant, writes: false, places: false }, async () => {
    const row = await findTenant(officeOf(visit), tenant)
    return row === null
      ? problem(visit, { reason: 'tenant_unknown' })
      : json(visit, { tenant: plain(row), requestId: visit.asker.requestId })
  })
}

/** `/ID` sets what is given, null taking a setting back; `/ID/suspend` and `/ID/resume` take nothing. */
async function change(visit: Visit, request: Incoming, rest: string): Promise<Outgoing> {
  const [tenant = '', act, ...more] = rest.split('/')
  if (more.length > 0 || (act !== undefined && act !== 'suspend' && act !== 'resume')) return problem(visit, { reason: 'route_unknown' })
  if (act !== undefined)
    return admitted(visit, request, { tenant, writes: true, places: true }, async () =>
      changed(visit, await moveTenant(officeOf(visit), tenant, act)),
    )
  const body = await readJsonBody(request, input)
  const places = !body.ok || PLACES.some((name) => Object.hasOwn(body.values, name))
  // Whether what was sent can be read is told to nobody without a key either.
  return admitted(visit, request, { tenant, writes: true, places: body.ok && places }, async () =>
    body.ok ? changed(visit, await setTenant(officeOf(visit), tenant, body.values)) : problem(visit, { reason: body.reason }),
  )
}

function remove(visit: Visit, request: Incoming, tenant: string): Promise<Outgoing> {
  return admitted(visit, request, { tenant, writes: true, places: true }, async () =>
    changed(visit, await moveTenant(officeOf(visit), tenant, 'remove')),
  )
}

function changed(visit: Visit, result: TenantChanged, status = 200): Outgoing {
  if (result.ok) return json(visit, { tenant: plain(result.tenant), requestId: visit.asker.requestId }, { status })
  visit.log.reason = 'body_malformed'
  const { problems, fault } = result
  return json(
    visit,
    { reason: 'body_malformed', title: 'That cannot be done', problems, requestId: visit.asker.requestId },
    { status: fault === 'input' ? 400 : 409 },
  )
}

function plain(row: TenantRow): object {
  const { tenant, status, version, createdAt, updatedAt } = row
  return {
    tenant,
    status,
    version,
    settings: inputOf(row),
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  }
}
