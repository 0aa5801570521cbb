// Where a tenant is: hosts of its own, or a path below the installation's. And which tenant a request means by that, which is asked before
// anything else: exact names from a list, and what is not on it is nobody.
import { paths } from './paths.ts'

/** The tenant of the settings. It has no row, and is where the installation is. */
export const CONFIGURED = 'default'

export interface Places {
  /** "auth.example.com", with its port where that is not the usual one. Links lead to the first; the others lead there too. */
  readonly hosts: readonly string[]
  /** "/t/acme", behind the base path of the installation. */
  readonly prefix: string | null
}

export interface Placed extends Places {
  readonly tenant: string
}

/** Where the installation is, by its settings. */
export interface Ground {
  /** Scheme, host and port. */
  readonly origin: string
  readonly basePath: string
}

/** Looked into by name. Made anew when a tenant comes, moves or goes. */
export interface PlaceMap {
  readonly ground: Ground
  readonly hosts: ReadonlyMap<string, string>
  readonly prefixes: ReadonlyMap<string, string>
  /** In which prefixes lie: "/t" of "/t/acme". Whatever else is asked for in them is a tenant that nobody knows. */
  readonly folders: ReadonlySet<string>
  /** Of tenants that are at home at a host, and so not at their prefix. */
  readonly atHost: ReadonlyMap<string, string>
}

export type Meant =
  | { readonly tenant: string; readonly moved: boolean /** The path without what led to the tenant. */; readonly rest: string }
  | { readonly tenant: null }

export const nobody: Meant = { tenant: null }

export function mapOf(ground: Ground, placed: readonly Placed[]): PlaceMap {
  const prefixed = placed.flatMap(({ tenant, prefix }) => (prefix === null ? [] : [[prefix, tenant] as const]))
  return {
    ground,
    hosts: new Map(placed.flatMap(({ tenant, hosts }) => hosts.map((host) => [host, tenant] as const))),
    prefixes: new Map(prefixed),
    folders: new Set(prefixed.map(([prefix]) => folderOf(prefix)).filter((folder) => folder !== '')),
    atHost: new Map(placed.flatMap(({ tenant, hosts: [host] }) => (host === undefined ? [] : [[tenant, host] as const]))),
  }
}

/** Of no interest whose: load balancers ask by an address, and the page that says "nobody" has to look like something. */
const ANYWHERE: ReadonlySet<string> = new Set(['/livez', '/readyz', '/version', paths.stylesheet, paths.script, paths.icon])

/** So many parts a prefix may have. */
export const PREFIX_DEPTH = 4

/**
 * @param host as the request says; null: it says none.
 * @param path as sent, nothing decoded.
 */
export function meantBy(map: PlaceMap, host: string | null, path: string): Meant {
  const { ground, hosts, prefixes } = map
  const below = path.startsWith(ground.basePath) ? path.slice(ground.basePath.length) : ''
  // As long as no tenant has a host, no host means anything, and none is refused.
  if (hosts.size > 0) {
    const named = host === null ? '' : plainHost(host, ground)
    const tenant = hosts.get(named)
    if (tenant !== undefined) return { tenant, moved: map.atHost.get(tenant) !== named, rest: below }
    if (named !== hostOf(ground) && !ANYWHERE.has(below)) return nobody
  }
  if (prefixes.size === 0) return { tenant: CONFIGURED, moved: false, rest: below }
  let inFolder = false
  for (let end = below.indexOf('/', 1), depth = 0; depth < PREFIX_DEPTH; end = below.indexOf('/', end + 1), depth++) {
    const prefix = end < 0 ? below : below.slice(0, end)
    const tenant = prefixes.get(prefix)
    if (tenant !== undefined) return { tenant, moved: map.atHost.has(tenant), rest: below.slice(prefix.length) }
    if (end < 0) break
    inFolder ||= map.folders.has(prefix)
  }
  return inFolder ? nobody : { tenant: CONFIGURED, moved: false, rest: below }
}

/** Without what means nothing: capitals, the dot at the end of a full name, the port that everybody leaves out. */
function plainHost(host: string, ground: Ground): string {
  const name = host.toLowerCase().replace(/\.(?=:|$)/, '')
  return name.replace(ground.origin.startsWith('https:') ? /:443$/ : /:80$/, '')
}

export function hostOf({ origin }: Pick<Ground, 'origin'>): string {
  return origin.slice(origin.indexOf('://') + 3)
}

/** Where links of a tenant lead. */
export function homeOf(ground: Ground, { hosts: [host], prefix }: Places): Ground {
  if (host !== undefined) return { origin: `${ground.origin.slice(0, ground.origin.indexOf('://'))}://${host}`, basePath: ground.basePath }
  return { origin: ground.origin, basePath: `${ground.basePath}${prefix ?? ''}` }
}

/** All its addresses, home first. */
export function addressesOf(ground: Ground, { hosts, prefix }: Places): string[] {
  const at = (places: Places): string => {
    const { origin, basePath } = homeOf(ground, places)
    return `${origin}${basePath}`
  }
  return [...hosts.map((host) => at({ hosts: [host], prefix: null })), ...(prefix === null ? [] : [at({ hosts: [], prefix })])]
}

const folderOf = (prefix: string): string => prefix.slice(0, prefix.lastIndexOf('/'))

/** What a place stands in the way of, each as a sentence; none: it is free. */
export function placeProblems(places: Places, others: readonly Placed[], ground: Ground | null): string[] {
  const problems: string[] = []
  for (const host of places.hosts) {
    const holder = others.find((other) => other.hosts.includes(host))
    if (holder !== undefined)
      problems.push(`hosts: ${host} is a host of the tenant "${holder.tenant}" — take another, or take it from there first`)
    if (ground !== null && host === hostOf(ground))
      problems.push(`hosts: ${host} is where the installation itself is — take another host, or a prefix there`)
  }
  const { prefix } = places
  if (prefix === null) return problems
  const first = `/${prefix.split('/')[1]}`
  if (OURS.has(first)) problems.push(`prefix: ${first} is a page of the installation — take another, such as /t${prefix}`)
  for (const { tenant, prefix: other } of others) {
    if (other === null) continue
    if (other === prefix) problems.push(`prefix: ${prefix} is that of the tenant "${tenant}" — take another`)
    else if (`${prefix}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${prefix}/`))
      problems.push(`prefix: ${prefix} and ${other} of the tenant "${tenant}" lie one in the other — take one beside it`)
  }
  return problems
}

/** How our own paths begin. */
const OURS: ReadonlySet<string> = new Set([
  ...Object.values(paths).map((path) => `/${path.split('/')[1]}`),
  '/livez',
  '/readyz',
  '/metrics',
  '/version',
  '/openapi.json',
])
